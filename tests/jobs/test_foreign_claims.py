"""What an operator of another package may claim."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs import unlearn
from napari_unlearn.jobs.events import Event
from napari_unlearn.jobs.foreign_claims import WitnessedNoise, confirmed
from napari_unlearn.jobs.run_folder import read_certificate
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.unlearn import UnlearnRequest
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Revision
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import output_perturbation
from napari_unlearn.privacy.noise import OperatingSystemNoise, SeededNoise
from napari_unlearn.privacy.verification import check

CERTIFIED = OperatorInfo(
    "push",
    "Push",
    "certified",
    "Certified ball",
    "Does something.",
    "A paper.",
    Settings,
    "nowhere",
    package="elsewhere 1.2",
)
EMPIRICAL = dataclasses.replace(CERTIFIED, tier="empirical", badge="Empirical")
SIGMA = output_perturbation.sigma(1.0, 1e-5, radius=0.5)
NUMBERS = {"radius": 0.5, "sigma": SIGMA}


def claim(**changed: Any) -> Revision:
    return dataclasses.replace(
        Revision(np.zeros((2, 3)), "output-perturbation", NUMBERS, noise=OperatingSystemNoise.description), **changed
    )


def drawn(sigma: float = SIGMA, values: int = 6, source: Any = None) -> WitnessedNoise:
    noise = WitnessedNoise(source or OperatingSystemNoise())
    if values:
        noise.gaussian((values,), sigma)
    return noise


def test_a_witness_passes_noise_on_and_counts_it() -> None:
    noise = WitnessedNoise(SeededNoise(0))
    np.testing.assert_array_equal(noise.gaussian((2, 3), 0.5), SeededNoise(0).gaussian((2, 3), 0.5))
    noise.gaussian(4, 0.1)
    assert (noise.given, noise.largest) == (10, 0.5)
    assert (noise.certifies, noise.description) == (False, SeededNoise(0).description)


def test_what_was_seen_is_confirmed() -> None:
    made = confirmed(CERTIFIED, claim(), drawn(), (2, 3))
    assert (made.noise, made.noise_certifies, made.numbers) == (OperatingSystemNoise.description, True, NUMBERS)


def test_noise_that_can_be_repeated_cannot_be_passed_off_as_entropy() -> None:
    made = confirmed(CERTIFIED, claim(), drawn(source=SeededNoise(3)), (2, 3))
    assert (made.noise, made.noise_certifies) == (SeededNoise(3).description, False)


@pytest.mark.parametrize(
    ("noise", "found"),
    [
        (drawn(values=0), "it drew 0 values of at most 0"),
        (drawn(values=5), "it drew 5 values"),
        (drawn(sigma=0.9 * SIGMA), f"it drew 6 values of at most {0.9 * SIGMA:g}"),
    ],
)
def test_noise_that_was_never_drawn_is_no_noise(noise: WitnessedNoise, found: str) -> None:
    with pytest.raises(UserError, match=f"Push of elsewhere 1.2 states noise of {SIGMA:g} on 6 weights, but {found}"):
        confirmed(CERTIFIED, claim(), noise, (2, 3))


@pytest.mark.parametrize("mechanism", ["none", "magic"])
def test_a_certificate_needs_a_mechanism_that_can_be_recomputed(mechanism: str) -> None:
    with pytest.raises(UserError, match=f"names the mechanism '{mechanism}', which is none of residual, "):
        confirmed(CERTIFIED, claim(mechanism=mechanism), drawn(), (2, 3))


@pytest.mark.parametrize("numbers", [{"radius": 0.5}, {"sigma": SIGMA}, {"radius": 0.5, "sigma": np.nan}])
def test_a_certificate_needs_every_number_of_its_mechanism(numbers: dict[str, float]) -> None:
    missing = "radius" if "radius" not in numbers else "sigma"
    with pytest.raises(UserError, match=f"does not state the number '{missing}' of its mechanism output-perturbation"):
        confirmed(CERTIFIED, claim(numbers=numbers), drawn(), (2, 3))


@pytest.mark.parametrize("operator", [CERTIFIED, EMPIRICAL])
def test_weights_that_do_not_fit_are_refused(operator: OperatorInfo) -> None:
    with pytest.raises(UserError, match=r"made weights of shape \(2, 3\), but the model has \(3, 2\)"):
        confirmed(operator, claim(), drawn(), (3, 2))


def test_an_empirical_one_needs_no_noise() -> None:
    assert confirmed(EMPIRICAL, claim(mechanism="none"), drawn(values=0), (2, 3)).mechanism == "none"


def test_operators_of_this_package_are_taken_at_their_word() -> None:
    own = dataclasses.replace(CERTIFIED, package="")
    made = claim()
    assert confirmed(own, made, drawn(values=0), (9, 9)) is made


class Scripted:
    """An operator that perturbs the public start, with noise of its choice, and claims what it likes."""

    def __init__(self, drawn: float, **claimed: Any) -> None:
        self.drawn, self.claimed = drawn, claimed

    def steps(self, problem: Any, settings: Any, budget: Any, noise: Any, rng: Any) -> Iterator[Any]:
        weights = problem.public + noise.gaussian(problem.public.shape, self.drawn)
        yield dataclasses.replace(claim(weights=weights), **self.claimed)


class Touching(Scripted):
    """The same, but it hardly moves the head in use."""

    def steps(self, problem: Any, settings: Any, budget: Any, noise: Any, rng: Any) -> Iterator[Any]:
        noise.gaussian(problem.original.shape, self.drawn)
        yield dataclasses.replace(claim(weights=problem.original * 1.001), **self.claimed)


@pytest.fixture
def start(
    sample: Dataset, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[OperatorInfo, Any], Iterator[Event]]:
    """A function that starts a run of an operator of another package."""

    def run(entry: OperatorInfo, operator: Any) -> Iterator[Event]:
        monkeypatch.setattr(unlearn, "info", lambda _: entry)
        monkeypatch.setattr(unlearn, "load", lambda _: operator)
        return unlearn.events(UnlearnRequest(sample.root, model, tmp_path / "run", "push", device="cpu"), Token())

    return run


def test_a_claim_that_checks_gets_its_certificate(
    start: Any, finish: Callable[[Iterable[Event]], Any], tmp_path: Path
) -> None:
    result = finish(start(CERTIFIED, Scripted(SIGMA)))
    assert (result.tier, result.epsilon) == ("certified", 1.0)
    record = read_certificate(tmp_path / "run")
    assert check(record) == []
    assert record.versions["operator"] == "elsewhere 1.2"
    assert any("code of elsewhere 1.2" in assumption.checked for assumption in record.assumptions)


@pytest.mark.parametrize(
    ("operator", "sentence"),
    [
        (Scripted(SIGMA / 10), "but it drew"),
        (Scripted(SIGMA / 10, numbers={"radius": 0.5, "sigma": SIGMA / 10}), "need at least"),
        (Scripted(SIGMA, mechanism="magic"), "names the mechanism 'magic'"),
    ],
    ids=["noise not drawn", "too little noise", "no mechanism"],
)
def test_a_claim_that_does_not_check_gets_none(
    start: Any, failure: Callable[[Iterable[Event]], str], tmp_path: Path, operator: Any, sentence: str
) -> None:
    assert sentence in failure(start(CERTIFIED, operator))
    assert not (tmp_path / "run").exists()


def test_an_empirical_one_shows_no_epsilon_whatever_it_says(
    start: Any, finish: Callable[[Iterable[Event]], Any], tmp_path: Path
) -> None:
    # Noise of this size would ruin the head, and a ruined head is no result: this one only touches it.
    result = finish(start(EMPIRICAL, Touching(SIGMA)))
    assert (result.tier, result.epsilon, result.delta) == ("empirical", None, None)
    written = json.loads((tmp_path / "run" / "certificate.json").read_text())
    assert (written["mechanism"], written["mu"]) == ("none", None)


def test_one_that_ends_without_a_result_is_a_failure(start: Any, failure: Callable[[Iterable[Event]], str]) -> None:
    class Silent:
        def steps(self, *_: Any) -> Iterator[Any]:
            yield from ()

    assert "Push ended without a result" in failure(start(EMPIRICAL, Silent()))
