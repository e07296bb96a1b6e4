"""From a revision to a certificate, or to the reason why there is none."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.certify import assumptions, certificate, earlier_attempts, require_admissible
from napari_unlearn.jobs.run_folder import read_certificate
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.encoder import shipped_encoder
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Budget, Revision
from napari_unlearn.operators.registry import available, info
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.privacy import gaussian_dp, model_clipping, residual
from napari_unlearn.privacy.attempts import Cost
from napari_unlearn.privacy.certificate import Certificate
from napari_unlearn.privacy.noise import OperatingSystemNoise
from napari_unlearn.privacy.verification import check

HASHES = dict.fromkeys(("model_in", "model_out", "public_encoder"), 64 * "a")


@pytest.fixture
def segmenter(model: Path) -> HeadSegmenter:
    return load_segmenter(model)


@pytest.fixture
def collected() -> Collected:
    return Collected(None, 10, 5, 2, 3, 64 * "b", 64 * "c", {})  # type: ignore[arg-type]


@pytest.fixture
def revision() -> Revision:
    sigma = residual.sigma(1.0, 1e-5, residual=1e-6, strong_convexity=0.1, approximate_runs=2)
    numbers = {
        "residual_bound": 1e-6,
        "strong_convexity": 0.1,
        "sensitivity": 2e-5,
        "sigma": sigma,
    }
    return Revision(np.zeros((2, 2)), "residual", numbers, noise=OperatingSystemNoise.description)


@pytest.fixture
def make(segmenter: HeadSegmenter, collected: Collected, model: Path, run: Path) -> Callable[..., Certificate]:
    def certify(
        operator: str,
        revision: Revision,
        earlier: Sequence[Cost] = (),
        after: Path = run / "model",
        collected: Collected = collected,
        **settings: float,
    ) -> Certificate:
        budget, models = Budget(1.0, 1e-5), (model, after)
        return certificate(segmenter, info(operator), revision, collected, budget, settings, HASHES, models, earlier)

    return certify


def private(segmenter: HeadSegmenter) -> HeadSegmenter:
    """The same model, had its encoder seen labels of the data set."""
    segmenter.encoder.card = dataclasses.replace(segmenter.encoder.card, public=False, trained_on="coarse masks")
    return segmenter


def thawed(segmenter: HeadSegmenter) -> HeadSegmenter:
    segmenter.encoder.requires_grad_(True)
    return segmenter


def awake(segmenter: HeadSegmenter) -> HeadSegmenter:
    """The same model with one normalisation layer that would run up statistics."""
    next(m for m in segmenter.encoder.modules() if isinstance(m, nn.BatchNorm2d)).train()
    return segmenter


def deep(segmenter: HeadSegmenter) -> HeadSegmenter:
    return dataclasses.replace(segmenter, card=dataclasses.replace(segmenter.card, trainable="decoder"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (private, "it was trained on: coarse masks"),
        (thawed, "a weight of the encoder has a gradient"),
        (awake, "a layer of it is in training mode"),
        (deep, "its decoder was trained"),
    ],
)
@pytest.mark.parametrize("operator", available(), ids=lambda operator: operator.name)
def test_a_promise_that_cannot_hold_is_not_made(
    segmenter: HeadSegmenter, operator: Any, spoil: Callable[[HeadSegmenter], HeadSegmenter], reason: str
) -> None:
    require_admissible(segmenter, operator)
    spoilt = spoil(segmenter)
    if operator.tier == "empirical":
        require_admissible(spoilt, operator)
        return
    with pytest.raises(UserError, match=f"{operator.title} cannot be certified for this model") as caught:
        require_admissible(spoilt, operator)
    assert reason in str(caught.value)


def test_a_certified_run_states_its_budget_and_mu(make: Any, revision: Revision) -> None:
    record = make("residual-head", revision)
    assert (record.tier, record.epsilon, record.delta, record.mechanism) == ("certified", 1.0, 1e-5, "residual")
    assert record.mu == pytest.approx(gaussian_dp.mu(1.0, 1e-5))
    assert check(record) == []


@pytest.mark.parametrize("earlier", [(0.268,), (0.268, 0.268), (1.9,)])
def test_every_earlier_attempt_is_charged_what_it_cost(
    make: Any, revision: Revision, earlier: tuple[float, ...]
) -> None:
    record = make("residual-head", revision, earlier)
    total = np.sqrt(np.sum(np.square([*earlier, record.mu])))
    assert record.attempts == 1 + len(earlier)
    assert record.epsilon == pytest.approx(gaussian_dp.epsilon(total, 1e-5))
    assert record.epsilon > 1.2
    assert check(record) == []


def test_a_guarantee_says_that_it_does_not_cover_curves_and_events(make: Any, revision: Revision) -> None:
    beside = "The guarantee covers the revised model, not what the run shows and keeps beside it."
    certified = make("residual-head", revision)
    exact = make("exact-refit", Revision(np.zeros((2, 2)), "none-needed"))
    empirical = make("neggrad-seg", Revision(np.zeros((2, 2))))
    for record, says in ((certified, True), (exact, True), (empirical, False)):
        assert (beside in [each.sentence for each in record.assumptions]) == says


def test_an_exact_run_states_zero(make: Any) -> None:
    record = make("exact-refit", Revision(np.zeros((2, 2)), "none-needed"))
    assert (record.tier, record.epsilon, record.delta, record.mu) == ("exact", 0, 0, 0)
    assert check(record) == []


def test_an_empirical_run_states_nothing(make: Any) -> None:
    record = make("neggrad-seg", Revision(np.zeros((2, 2))))
    assert (record.tier, record.epsilon, record.delta, record.mu) == ("empirical", None, None, None)
    assert check(record) == []


def test_noise_that_can_be_repeated_is_stamped(make: Any, revision: Revision) -> None:
    repeatable = dataclasses.replace(revision, noise="fixed seed 0, for tests", noise_certifies=False)
    record = make("residual-head", repeatable)
    assert (record.tier, record.mechanism, record.epsilon) == ("empirical", "none", None)
    assert record.status.startswith("not certified: the noise can be repeated (fixed seed 0, for tests)")
    assert any("reproduce the noise" in entry.sentence and not entry.holds for entry in record.assumptions)


@pytest.mark.parametrize(
    "wrong", [{"sigma": 1e-9}, {"residual_bound": 1.0}, {"sensitivity": 1e-7}, {"strong_convexity": 1e-3}]
)
def test_a_record_that_fails_its_own_check_is_never_written(
    make: Any, revision: Revision, wrong: dict[str, float]
) -> None:
    with pytest.raises(UserError, match="No certificate can be given: "):
        make("residual-head", dataclasses.replace(revision, numbers={**revision.numbers, **wrong}))


@pytest.mark.parametrize(
    "name", ["encoder.bn1.running_mean", "encoder.bn1.running_var", "head.mean", "head.std", "optimiser.exp_avg"]
)
@pytest.mark.parametrize("operator", ["exact-refit", "residual-head"])
def test_what_is_carried_over_and_not_as_it_was_gets_no_certificate(
    make: Any, revision: Revision, run: Path, tmp_path: Path, name: str, operator: str
) -> None:
    after = Path(shutil.copytree(run / "model", tmp_path / "after"))
    tensors = load_file(after / "model.safetensors")
    name = next((key for key in tensors if key.endswith(name.removeprefix("encoder."))), name)
    tensors[name] = tensors.get(name, torch.zeros(3)) + 1
    save_file(tensors, after / "model.safetensors")
    made = revision if operator == "residual-head" else Revision(np.zeros((2, 2)), "none-needed")
    with pytest.raises(UserError, match=r"No certificate can be given: An assumption does not hold: .*SHA-256|.*optim"):
        make(operator, made, after=after)


@pytest.mark.parametrize("label", [-1, 3, 255])
def test_a_label_that_is_unknown_gets_no_certificate(
    make: Any, collected: Collected, revision: Revision, label: int
) -> None:
    pixels = PixelSet(np.ones((2, 2), np.float32), np.array([0, label]), np.ones(2))
    problem = HeadProblem(pixels, pixels, np.zeros((3, 2)), 3, 1e-3)
    with pytest.raises(UserError, match="1 of them had a label that is unknown"):
        make("residual-head", revision, collected=dataclasses.replace(collected, problem=problem))


def test_every_tensor_is_accounted_for(make: Any, revision: Revision, run: Path) -> None:
    record = make("residual-head", revision)
    names = {name for group in record.tensors for name in group.names}
    assert names == set(load_file(run / "model" / "model.safetensors"))
    assert [group.names for group in record.tensors if group.role == "covered"] == [("head.weights",)]


def test_the_encoder_that_is_shipped_is_recognised(segmenter: HeadSegmenter) -> None:
    assert not any("shipped with this package" in entry.checked for entry in assumptions(segmenter))
    shipped = dataclasses.replace(segmenter, encoder=shipped_encoder())
    assert any("that of the encoder shipped with this package" in entry.checked for entry in assumptions(shipped))


@pytest.mark.parametrize("corrected", [0, 1])
def test_the_certificate_says_whether_corrected_pixels_taught(make: Any, corrected: int) -> None:
    record = make("exact-refit", Revision(np.zeros((2, 2)), "none-needed"), corrected=corrected)
    assert any("Corrected pixels" in entry.sentence for entry in record.assumptions) is bool(corrected)


@pytest.mark.parametrize(("overlap", "fate"), [(1, "taught with their fine label"), (0, "were left out")])
def test_where_artefacts_lie_over_lesions_the_claim_is_limited_to_those_outside(
    make: Any, collected: Collected, overlap: int, fate: str
) -> None:
    exact = Revision(np.zeros((2, 2)), "none-needed")
    over = make("exact-refit", exact, collected=dataclasses.replace(collected, overlap=77), overlap=overlap)
    (said,) = (entry for entry in over.assumptions if "outside lesions only" in entry.sentence)
    assert said.checked.startswith("77 pixels of fine masks lie under a mapped artefact.")
    assert fate in said.checked
    assert not any(
        "outside lesions only" in e.sentence for e in make("exact-refit", exact, overlap=overlap).assumptions
    )


def test_what_was_checked_is_said_about_this_model(segmenter: HeadSegmenter) -> None:
    found = assumptions(segmenter)
    assert all(entry.holds for entry in found)
    assert not all(entry.holds for entry in assumptions(private(segmenter)))


def test_only_certified_runs_of_the_same_model_count(run: Path, tmp_path: Path, make: Any, revision: Revision) -> None:
    assert earlier_attempts(tmp_path / "nowhere", 64 * "a") == ()
    shutil.copytree(run, tmp_path / "exact")
    model_in = read_certificate(run).hashes["model_in"]
    assert earlier_attempts(tmp_path, model_in) == ()
    for name in ("one", "two", ".hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "certificate.json").write_text(json.dumps(make("residual-head", revision).to_dict()))
    (tmp_path / "notes.txt").write_text("x")
    assert earlier_attempts(tmp_path, 64 * "a") == pytest.approx((gaussian_dp.mu(1.0, 1e-5),) * 2)
    assert earlier_attempts(tmp_path, 64 * "d") == ()


@pytest.fixture
def without_mu() -> Revision:
    sigma = model_clipping.sigma(1.0, 1e-5, model_radius=0.1, steps=5)
    numbers = {"model_radius": 0.1, "steps": 5, "attempt_epsilon": 1.0, "attempt_delta": 1e-5, "sigma": sigma}
    return Revision(np.zeros((2, 2)), "model-clipping", numbers, noise=OperatingSystemNoise.description)


def test_an_attempt_without_a_mu_is_added_to_the_others(make: Any, revision: Revision, without_mu: Revision) -> None:
    first = make("model-clipping", without_mu)
    assert (first.epsilon, first.delta, first.mu, check(first)) == (1.0, 1e-5, None, [])
    for operator, made in (("residual-head", revision), ("model-clipping", without_mu)):
        record = make(operator, made, ((2.0, 1e-6), 0.268))
        assert record.attempts == 3
        mus = (0.268, record.mu) if record.mu else (0.268,)
        alone = (2.0, 1e-6) if record.mu else (3.0, 1.1e-5)
        assert record.epsilon == pytest.approx(alone[0] + gaussian_dp.epsilon(gaussian_dp.compose(mus), 1e-5))
        assert record.delta == pytest.approx(alone[1] + 1e-5)
        assert check(record) == []
        assert check(dataclasses.replace(record, epsilon=record.epsilon - 0.01)) != []
        assert check(dataclasses.replace(record, delta=record.delta - 1e-7)) != []


def test_what_an_attempt_without_a_mu_cost_is_read_from_its_certificate(
    tmp_path: Path, make: Any, without_mu: Revision
) -> None:
    (tmp_path / "one").mkdir()
    record = make("model-clipping", without_mu, ((2.0, 1e-6),))
    (tmp_path / "one" / "certificate.json").write_text(json.dumps(record.to_dict()))
    assert earlier_attempts(tmp_path, 64 * "a") == ((1.0, 1e-5),)
