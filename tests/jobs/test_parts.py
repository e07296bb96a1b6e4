"""What two runs guarantee together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.files import sha256_bytes
from napari_unlearn.jobs.parts import PROVABLE, joint_guarantee, part_failures, part_mu
from napari_unlearn.jobs.run_folder import read_certificate
from napari_unlearn.privacy import gaussian_dp, output_perturbation
from napari_unlearn.privacy.certificate import Certificate
from napari_unlearn.privacy.mechanisms import MECHANISMS
from napari_unlearn.privacy.noise import OperatingSystemNoise

MU = gaussian_dp.mu(1.0, 1e-5)


@pytest.fixture
def exact(run: Path) -> Certificate:
    return read_certificate(run)


@pytest.fixture
def certified(exact: Certificate) -> Certificate:
    return dataclasses.replace(
        exact,
        tier="certified",
        operator="output-perturbation",
        mechanism="output-perturbation",
        epsilon=1.0,
        delta=1e-5,
        mu=MU,
        parameters={"radius": 1.0, "sigma": output_perturbation.sigma(1.0, 1e-5, radius=1.0)},
        noise=OperatingSystemNoise.description,
    )


def test_two_exact_runs_on_the_same_masks_are_exact(exact: Certificate) -> None:
    assert joint_guarantee(exact, exact, exact.hashes["retain_masks"]).tier == "exact"


def test_with_a_certified_run_it_is_certified(exact: Certificate, certified: Certificate) -> None:
    retain = exact.hashes["retain_masks"]
    for pair in ((exact, certified), (certified, exact), (certified, certified)):
        assert joint_guarantee(*pair, retain).tier == "certified"
    assert (part_mu(exact), part_mu(certified)) == (0.0, MU)


def test_anything_else_is_empirical(exact: Certificate, certified: Certificate) -> None:
    retain = exact.hashes["retain_masks"]
    empirical = dataclasses.replace(exact, tier="empirical", mechanism="none", epsilon=None, delta=None, mu=None)
    elsewhere = dataclasses.replace(exact, hashes={**exact.hashes, "retain_masks": 64 * "d"})
    clipped = dataclasses.replace(certified, mechanism="model-clipping", mu=None)
    for pair, masks, reason in (
        ((exact, empirical), retain, "is empirical"),
        ((exact, elsewhere), retain, "did not keep the same masks"),
        ((exact, exact), 64 * "d", "did not keep the same masks"),
        ((exact, clipped), retain, "not accounted for"),
    ):
        joint = joint_guarantee(*pair, masks)
        assert joint.tier == "empirical"
        assert reason in joint.reason


def test_what_counts_as_provable_is_gaussian(certified: Certificate) -> None:
    assert set(PROVABLE) <= set(MECHANISMS)
    assert not {"model-clipping", "pnsgd", "newton-step", "composition"} & set(PROVABLE)


@pytest.fixture
def composed(tmp_path: Path, exact: Certificate, certified: Certificate) -> Callable[..., list[str]]:
    """A function that writes the parts of a composed run and checks it, with fields of its record replaced."""

    def failures(parts: tuple[Certificate, Certificate] = (exact, certified), **replaced: Any) -> list[str]:
        (tmp_path / "parts").mkdir(exist_ok=True)
        texts = [part.to_text().encode() for part in parts]
        for name, text in zip(("first", "second"), texts, strict=True):
            (tmp_path / "parts" / f"{name}.json").write_bytes(text)
        hashes = {"certificate_first": sha256_bytes(texts[0]), "certificate_second": sha256_bytes(texts[1])}
        fields: dict[str, Any] = {
            "operator": "compose",
            "mechanism": "composition",
            "parameters": {"first_mu": 0.0, "second_mu": MU, "sigma": 1.0},
            "hashes": {**exact.hashes, **hashes},
        }
        return part_failures(tmp_path, dataclasses.replace(certified, **fields | replaced))

    return failures


def test_an_honest_record_passes(composed: Callable[..., list[str]]) -> None:
    assert composed() == []


def test_a_run_that_is_no_composition_has_no_parts(certified: Certificate, tmp_path: Path) -> None:
    assert part_failures(tmp_path, certified) == []


def test_the_parts_must_be_there(certified: Certificate, tmp_path: Path) -> None:
    for changed in ({"operator": "compose"}, {"mechanism": "composition"}):
        (sentence,) = part_failures(tmp_path, dataclasses.replace(certified, **changed))
        assert sentence.startswith("parts/first.json, the certificate of the first run, is missing")


def test_too_small_a_charge_is_found(composed: Callable[..., list[str]]) -> None:
    (sentence,) = composed(parameters={"first_mu": 0.0, "second_mu": MU / 2, "sigma": 1.0})
    assert sentence.startswith("The second run has mu 0.268")
    assert len(composed(parameters={})) == 2


def test_too_high_a_tier_is_found(composed: Callable[..., list[str]]) -> None:
    (sentence,) = composed(tier="exact")
    assert "claims to be exact, but its parts make it certified" in sentence


def test_another_certificate_is_found(composed: Callable[..., list[str]], exact: Certificate) -> None:
    (sentence,) = composed(hashes={**exact.hashes, "certificate_first": 64 * "0", "certificate_second": 64 * "0"})[:1]
    assert sentence == "parts/first.json is not the certificate of the first run."


def test_a_part_that_does_not_hold_is_found(composed: Callable[..., list[str]], certified: Certificate) -> None:
    broken = dataclasses.replace(certified, epsilon=0.5)
    (sentence,) = composed(parts=(certified, broken), parameters={"first_mu": MU, "second_mu": MU, "sigma": 1.0})
    assert sentence.startswith("The second run: The noise has sigma")
