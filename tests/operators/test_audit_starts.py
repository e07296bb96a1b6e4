"""The two starts of an audit: as far apart as the proof of the operator allows, and no farther."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from napari_unlearn.operators.audit_starts import worst_starts
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Budget, Revision
from napari_unlearn.operators.registry import available, info, load
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import residual

CERTIFIED = [operator for operator in available() if operator.tier == "certified"]


def ends(operator: OperatorInfo, noise: Any) -> tuple[Revision, Revision]:
    """Results from both starts."""
    starts = worst_starts(operator)
    found = []
    for problem in (starts.first, starts.second):
        rng = np.random.default_rng(0)
        *_, last = load(operator.name).steps(problem, starts.settings, Budget(1.0, 1e-5), noise, rng)
        assert isinstance(last, Revision)
        found.append(last)
    return found[0], found[1]


@pytest.mark.parametrize("operator", CERTIFIED, ids=lambda operator: operator.name)
def test_the_starts_share_everything_but_the_model_in_use(operator: OperatorInfo) -> None:
    starts = worst_starts(operator)
    assert isinstance(starts.settings, Settings)
    assert np.linalg.norm(starts.first.original - starts.second.original) > 0
    for field in dataclasses.fields(starts.first):
        if field.name != "original":
            assert getattr(starts.first, field.name) is getattr(starts.second, field.name)


@pytest.mark.parametrize("operator", CERTIFIED, ids=lambda operator: operator.name)
def test_both_runs_record_the_same_numbers(operator: OperatorInfo, silence: Any) -> None:
    one, other = ends(operator, silence)
    assert one.numbers == other.numbers


def test_heads_beside_a_minimum_end_where_they_start_at_nearly_the_sensitivity(silence: Any) -> None:
    one, other = ends(info("residual-head"), silence)
    starts = worst_starts(info("residual-head"))
    np.testing.assert_array_equal(one.weights, starts.first.original)
    distance = np.linalg.norm(one.weights - other.weights)
    sensitivity = residual.sensitivity(residual=1e-3, strong_convexity=0.1, approximate_runs=2)
    assert 0.98 * sensitivity < distance <= sensitivity


def test_heads_in_a_ball_end_on_opposite_points_of_it(silence: Any) -> None:
    for name, field in (("output-perturbation", "radius"), ("gradient-clipping", "initial_radius")):
        one, other = ends(info(name), silence)
        radius = getattr(worst_starts(info(name)).settings, field)
        assert np.linalg.norm(one.weights - other.weights) == pytest.approx(2 * radius, rel=1e-6)


def test_a_newton_step_is_not_taken_where_half_of_the_residual_is_left(silence: Any) -> None:
    one, other = ends(info("newton-step"), silence)
    distance = np.linalg.norm(one.weights - other.weights)
    assert 0.45 * one.numbers["sensitivity"] < distance <= one.numbers["sensitivity"]


def test_noisy_training_starts_as_far_apart_as_two_trainings_can_end() -> None:
    starts = worst_starts(info("pnsgd"))
    images = starts.first.bounded
    assert images is not None
    largest = np.sqrt(2) * images.training.feature_radius / images.training.strong_convexity
    assert np.linalg.norm(starts.first.original - starts.second.original) == pytest.approx(largest)


def test_an_operator_of_somebody_else_is_taken_for_one_that_clips() -> None:
    foreign = dataclasses.replace(info("output-perturbation"), name="foreign")
    starts = worst_starts(foreign)
    assert starts.settings == foreign.settings(finetune=0)  # type: ignore[call-arg]
    np.testing.assert_array_equal(starts.first.original, -starts.second.original)
