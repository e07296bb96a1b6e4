"""Settings chosen for a budget."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.operators.catalogue.certified_ball import GradientClippingSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.planned import PLANNED, head_radius, head_step_size, plan_for, with_numbers
from napari_unlearn.operators.registry import available, info

SHAPE, STRENGTH = (3, 200), 1e-3


def test_no_fitted_head_is_longer_than_the_radius(make_problem: Callable[..., HeadProblem]) -> None:
    for strength in (1e-3, 0.1):
        problem = make_problem(strength=strength)
        *_, fitted = problem.learn(problem.public, 60, np.random.default_rng(0))
        assert 0.1 < np.linalg.norm(fitted.weights) < head_radius(problem.classes, strength)


def test_a_step_of_the_planned_size_never_raises_the_loss(make_problem: Callable[..., HeadProblem]) -> None:
    problem, rng = make_problem(), np.random.default_rng(0)
    step = head_step_size(problem.original.shape[1], problem.strength) / 3  # these features are three times too long
    losses, weights = [], problem.original
    for _ in range(20):
        loss, gradient = problem.loss_and_gradient(weights, rng)
        losses.append(loss)
        weights = weights - step * gradient
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("name", PLANNED)
def test_a_plan_makes_settings_that_the_operator_takes(name: str) -> None:
    plan = plan_for(info(name), 1.0, 1e-5, SHAPE, STRENGTH)
    assert plan is not None
    settings = with_numbers(info(name).settings, plan.numbers)
    for number, value in plan.numbers.items():
        assert getattr(settings, number) == pytest.approx(value)
    assert {"finetune"} < set(plan.numbers) <= set(info(name).parameters)


def test_only_shape_strength_and_budget_decide() -> None:
    first, again = (plan_for(info("gradient-clipping"), 1.0, 1e-5, SHAPE, STRENGTH) for _ in range(2))
    assert first == again
    wider = plan_for(info("gradient-clipping"), 1.0, 1e-5, (3, 400), STRENGTH)
    assert first is not None
    assert wider is not None
    assert wider.numbers["initial_radius"] < first.numbers["initial_radius"]


def test_operators_without_a_ball_have_nothing_to_plan() -> None:
    for operator in available():
        if operator.name not in PLANNED:
            assert plan_for(operator, 1.0, 1e-5, SHAPE, STRENGTH) is None


def test_a_budget_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(UserError, match="No plan can be made"):
        plan_for(info("gradient-clipping"), math.nan, 1e-5, SHAPE, STRENGTH)


def test_numbers_of_the_user_win_over_those_of_the_plan() -> None:
    settings = with_numbers(GradientClippingSettings, {"steps": 10, "decay": 1.0, "radius": 2.0}, {"steps": 12.0})
    assert isinstance(settings, GradientClippingSettings)
    assert (settings.steps, settings.decay) == (12, 1.0)
    assert isinstance(settings.steps, int)


def test_a_number_out_of_range_is_refused() -> None:
    with pytest.raises(UserError, match="steps must lie between"):
        with_numbers(GradientClippingSettings, {"steps": 0})
