"""All trials of one ground."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from napari_unlearn.benchmark.features import HeldFeatures
from napari_unlearn.benchmark.ground import Ground
from napari_unlearn.benchmark.row import COARSE, ORACLE, SCRATCH, Numbers, Trial
from napari_unlearn.benchmark.study import Oracles, Study
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.evaluate import Evaluation
from napari_unlearn.jobs.evaluate import EvaluateRequest, EvaluateResult
from napari_unlearn.jobs.evaluate import events as evaluating
from napari_unlearn.jobs.events import Done
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import TrainRequest
from napari_unlearn.jobs.train import events as training
from napari_unlearn.jobs.unlearn import RunResult, UnlearnRequest
from napari_unlearn.jobs.unlearn import events as unlearning
from napari_unlearn.models.encoder import Encoder


@pytest.fixture(scope="module")
def oracles() -> Oracles:
    return {}


@pytest.fixture(scope="module")
def study(ground: Ground, encoder: Encoder, oracles: Oracles) -> Study:
    return Study(ground, HeldFeatures(encoder), 64, oracles)


def test_its_numbers_are_those_of_the_commands_to_the_last_digit(
    study: Study, trial: Trial, sample: Dataset, encoder_file: Path, tmp_path: Path
) -> None:
    coarse = TrainRequest(sample.root, tmp_path / "coarse", encoder=str(encoder_file), seed=trial.seed, device="cpu")
    assert isinstance([*training(coarse, Token())][-1], Done)
    request = UnlearnRequest(sample.root, coarse.out, tmp_path / "run", counterfactual=2, seed=trial.seed, device="cpu")
    *_, done = unlearning(request, Token())
    assert isinstance(done, Done)
    assert isinstance(done.result, RunResult)
    first, last = (study.measure(dataclasses.replace(trial, model=name))[-1].numbers for name in (COARSE, trial.model))
    assert told(first) == evaluated(sample, coarse.out)
    assert told(last) == evaluated(sample, done.result.model)
    assert (last.tier, last.failure) == ("exact", "")


def told(numbers: Numbers) -> tuple[object, ...]:
    """What the command `evaluate` tells as well."""
    return (
        numbers.dice_aligned,
        numbers.dice_conflicting,
        numbers.worst_class_dice,
        numbers.auroc_aligned,
        numbers.auroc_conflicting,
        numbers.shortcut_gap,
        numbers.leakage,
        numbers.counterfactual_shift,
    )


def evaluated(sample: Dataset, model: Path) -> tuple[object, ...]:
    """The same, from the command."""
    *_, done = evaluating(EvaluateRequest(sample.root, model, device="cpu", resamples=1), Token())
    assert isinstance(done, Done)
    assert isinstance(done.result, EvaluateResult)
    found: Evaluation = done.result.after
    aligned, conflicting = found.splits["test_aligned"], found.splits["test_conflicting"]
    assert conflicting.leakage is not None
    return (
        aligned.dice,
        conflicting.dice,
        min(each for split in (aligned, conflicting) for each in split.dice_per_class[1:] if each is not None),
        aligned.auroc,
        conflicting.auroc,
        found.shortcut_gap,
        conflicting.leakage["normalised"],
        conflicting.counterfactual_shift,
    )


def test_a_certified_operator_brings_the_same_recipe_from_the_public_start(study: Study, trial: Trial) -> None:
    certified = dataclasses.replace(trial, model="output-perturbation", epsilon=1.0, delta=1e-5)
    reference, row = study.measure(certified)
    assert row.trial == certified
    assert reference.trial == dataclasses.replace(
        trial, model="output-perturbation from the public start", epsilon=None, delta=None
    )
    assert (row.numbers.tier, reference.numbers.tier) == ("certified", "exact")
    before, worst, after = row.numbers.loss_before, row.numbers.loss_worst, row.numbers.loss_after
    assert before is not None
    assert worst is not None
    assert after is not None
    assert after < before < worst


def test_operators_of_one_setting_share_what_they_learn_from(
    study: Study, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(
        "napari_unlearn.benchmark.study.collect",
        lambda *arguments: calls.append(1) or iter(()),  # type: ignore[func-returns-value]
    )
    study.measure(dataclasses.replace(trial, model="residual-head", epsilon=1.0, delta=1e-5))
    first = len(calls)
    with pytest.raises(ValueError, match="not enough values"):
        study.measure(dataclasses.replace(trial, model="residual-head", epsilon=1.0, delta=1e-5, swaps=0))
    assert (first, len(calls)) == (0, 1)


def test_an_operator_that_refuses_is_a_row_with_the_reason(study: Study, trial: Trial) -> None:
    (row,) = study.measure(dataclasses.replace(trial, model="newton-step", epsilon=1.0, delta=1e-5))
    assert row.numbers.failure.endswith(".")
    assert row.numbers.dice_conflicting is None
    assert row.numbers.tier == "certified"


def test_the_oracle_is_trained_once_for_all_correlations(
    study: Study, oracles: Oracles, ground: Ground, trial: Trial, encoder: Encoder
) -> None:
    (row,) = study.measure(dataclasses.replace(trial, model=ORACLE, coarse="", fine=None, swaps=None))
    (head,) = oracles.values()
    again = Study(ground, HeldFeatures(encoder), 64, oracles)
    (other,) = again.measure(dataclasses.replace(trial, model=ORACLE, coarse="", fine=None, swaps=None))
    assert list(oracles.values()) == [head]
    assert told(other.numbers) == told(row.numbers)


def test_training_anew_on_refined_cases_sees_no_other(
    study: Study, ground: Ground, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def fit(cases: list[object], *arguments: object) -> object:
        seen.extend(case.id for case in cases if case.is_refined)  # type: ignore[attr-defined]
        raise StopIteration

    monkeypatch.setattr("napari_unlearn.benchmark.study.fit_head", fit)
    with pytest.raises((StopIteration, RuntimeError)):
        study.measure(dataclasses.replace(trial, model=SCRATCH, coarse="", swaps=None))
    assert set(seen) == ground.refine(0.5)
    assert len(seen) == 6


def test_a_ground_without_unbiased_cases_has_no_oracle(ground: Ground, trial: Trial, encoder: Encoder) -> None:
    study = Study(dataclasses.replace(ground, unbiased=()), HeldFeatures(encoder), 64, {})
    (row,) = study.measure(dataclasses.replace(trial, model=ORACLE, coarse="", fine=None, swaps=None))
    assert "no split whose name ends in 'unbiased'" in row.numbers.failure
