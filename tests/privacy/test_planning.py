"""Tests of how a budget is spent."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.privacy import gaussian_dp, gradient_clipping, model_clipping, output_perturbation
from napari_unlearn.privacy.planning import (
    plan_gradient_clipping,
    plan_model_clipping,
    plan_output_perturbation,
    plans,
)

RADIUS, DELTA = 3.0, 1e-5
PROBLEMS = [(1.0, 1), (1.0, 40), (8.0, 5), (60.0, 40)]
BUDGETS = st.tuples(st.floats(0.05, 60), st.floats(1e-8, 1e-2))


def damage(signal: float, noise: float, dimension: int) -> float:
    return math.hypot(1 - signal / RADIUS, noise * math.sqrt(dimension) / RADIUS)


@pytest.mark.parametrize(("epsilon", "dimension"), PROBLEMS)
def test_no_radius_of_a_grid_does_less_damage_than_the_planned_one(epsilon: float, dimension: int) -> None:
    plan = plan_output_perturbation(epsilon, DELTA, dimension=dimension, radius=RADIUS)
    found = min(
        damage(radius, output_perturbation.sigma(epsilon, DELTA, radius=radius), dimension)
        for radius in np.geomspace(RADIUS * 1e-5, RADIUS, 3000)
    )
    assert plan.damage <= found * (1 + 1e-12)
    assert plan.damage == pytest.approx(found, rel=1e-5)


@pytest.mark.parametrize(("epsilon", "dimension"), PROBLEMS)
@pytest.mark.parametrize("decay", [False, True])
def test_no_clip_decay_or_number_of_steps_of_a_grid_does_less_damage(
    epsilon: float, dimension: int, decay: bool
) -> None:
    step_size, learning = 0.1, 0.5
    plan = plan_gradient_clipping(
        epsilon, DELTA, dimension=dimension, radius=RADIUS, step_size=step_size, learning=learning, decay=decay
    )
    tried = []
    radii = np.geomspace(RADIUS * 1e-4, RADIUS, 60)
    for initial, pull, steps in itertools.product(radii, (0.0, 0.5, 3.0, 6.0, 9.0), (1, 2, 5, 12, 30)):
        ratio = 1 - step_size * pull
        # The share of learning fixes how far the steps must be able to travel, and with it the gradient radius.
        travel = initial * ratio**steps * learning / (1 - learning)
        numbers = {
            "initial_radius": float(initial),
            "gradient_radius": travel / (step_size * sum(ratio**k for k in range(steps))),
            "step_size": step_size,
            "decay": pull,
            "steps": steps,
        }
        noise = gradient_clipping.sigma(epsilon, DELTA, **numbers) * math.sqrt(
            sum(ratio ** (2 * k) for k in range(steps))
        )
        tried.append(damage(initial * ratio**steps, noise, dimension))
    assert plan.damage <= min(tried) * (1 + 1e-9)
    assert plan.damage == pytest.approx(min(tried), rel=2e-3)


@pytest.mark.parametrize(("epsilon", "dimension"), [(1.0, 1), (1.0, 40), (8.0, 1)])
def test_no_ball_or_number_of_steps_of_a_grid_does_less_damage(epsilon: float, dimension: int) -> None:
    plan = plan_model_clipping(epsilon, DELTA, dimension=dimension, radius=RADIUS, most_steps=12)
    tried = {}
    for steps in range(1, 13):
        unit = model_clipping.sigma(epsilon, DELTA, model_radius=1.0, steps=steps)
        for radius in np.geomspace(RADIUS * 1e-4, RADIUS, 400):
            signal, noise = radius, radius * unit
            for _ in range(steps - 1):
                short = min(1.0, radius / math.sqrt(signal**2 + dimension * noise**2))
                signal, noise = short * signal, math.hypot(short * noise, radius * unit)
            tried[steps, radius] = damage(signal, noise, dimension)
    best = min(tried, key=tried.__getitem__)
    assert plan.damage <= tried[best] * (1 + 1e-12)
    assert plan.damage == pytest.approx(tried[best], rel=1e-4)
    assert plan.numbers["steps"] == best[0]


def test_many_clips_pay_for_few_weights_only() -> None:
    few, many = (plan_model_clipping(1.0, DELTA, dimension=d, radius=RADIUS, most_steps=12) for d in (1, 1000))
    assert few.numbers["steps"] > 1
    assert many.numbers["steps"] == 1


def test_what_repeated_clips_leave_is_what_a_simulation_finds() -> None:
    """The norm before a clip is taken as its root mean square; with 500 weights that is all but exact."""
    dimension, steps, draws = 500, 4, 400
    unit = model_clipping.sigma(20.0, DELTA, model_radius=1.0, steps=steps)
    rng = np.random.default_rng(0)
    x = np.zeros((draws, dimension))
    x[:, 0] = 1.0
    for step in range(steps):
        if step:
            x *= np.minimum(1, 1 / np.linalg.norm(x, axis=1, keepdims=True))
        x += rng.normal(0, unit, x.shape)
    signal, variance = 1.0, unit**2
    for _ in range(steps - 1):
        short = min(1.0, (signal**2 + dimension * variance) ** -0.5)
        signal, variance = short * signal, short**2 * variance + unit**2
    assert x[:, 1:].var() == pytest.approx(variance, rel=0.01)
    assert x[:, 0].mean() == pytest.approx(signal, abs=4 * unit / math.sqrt(draws))


@given(BUDGETS, st.integers(1, 10**7), st.floats(1e-3, 1e3), st.floats(0, 0.9), st.booleans())
def test_a_plan_meets_its_budget_and_never_harms_more_than_forgetting_everything(
    budget: tuple[float, float], dimension: int, radius: float, learning: float, decay: bool
) -> None:
    plan = plan_gradient_clipping(
        *budget, dimension=dimension, radius=radius, step_size=0.01, learning=learning, decay=decay
    )
    numbers = dict(plan.numbers)
    assert gradient_clipping.mu(plan.sigma, **numbers) == pytest.approx(gaussian_dp.mu(*budget), rel=1e-9)
    assert 0 < plan.survival <= 1
    assert plan.damage <= 1
    assert plan.noise_norm == pytest.approx(plan.noise * math.sqrt(dimension))
    assert plan.signal == pytest.approx(plan.survival * radius)


def test_the_noise_is_that_of_a_simulated_run() -> None:
    plan = plan_gradient_clipping(
        2.0, DELTA, dimension=4, radius=RADIUS, step_size=0.1, learning=0.0, decay=True, steps=(6, 6)
    )
    numbers, rng = plan.numbers, np.random.default_rng(1)
    x = np.full(200_000, RADIUS)
    for _ in range(int(numbers["steps"])):
        x = x - numbers["step_size"] * numbers["decay"] * x + rng.normal(0, plan.sigma, x.size)
    assert x.std() == pytest.approx(plan.noise, rel=0.01)
    assert x.mean() == pytest.approx(plan.signal, abs=5 * plan.noise / math.sqrt(x.size))


def test_without_learning_gradient_clipping_is_output_perturbation() -> None:
    numbers = {"dimension": 30, "radius": RADIUS}
    alone = plan_output_perturbation(4.0, DELTA, **numbers)
    for decay in (False, True):
        plan = plan_gradient_clipping(4.0, DELTA, **numbers, step_size=0.1, learning=0.0, decay=decay)
        assert (plan.noise, plan.signal) == pytest.approx((alone.noise, alone.signal), rel=1e-9)


def test_a_larger_budget_lets_more_survive() -> None:
    survivals = [
        plan_gradient_clipping(epsilon, DELTA, dimension=100, radius=RADIUS, step_size=0.1).survival
        for epsilon in (0.1, 1, 10, 100)
    ]
    assert survivals == sorted(survivals)


def test_decay_never_more_than_halves_the_model_in_a_step_where_enough_steps_are_allowed() -> None:
    plan = plan_gradient_clipping(1.0, DELTA, dimension=10**6, radius=RADIUS, step_size=0.1, decay=True)
    assert plan.numbers["steps"] == math.ceil(-math.log2(plan.survival))
    assert plan.numbers["step_size"] * plan.numbers["decay"] <= 0.5
    short = plan_gradient_clipping(1.0, DELTA, dimension=10**6, radius=RADIUS, step_size=0.1, decay=True, steps=(2, 5))
    assert short.numbers["steps"] == 5
    assert short.damage == pytest.approx(plan.damage)


def test_all_plans_come_least_damage_first() -> None:
    made = plans(1.0, DELTA, dimension=100, radius=RADIUS, step_size=0.1, steps=(10, 12))
    assert [plan.damage for plan in made] == sorted(plan.damage for plan in made)
    assert [plan.mechanism for plan in made[:1]] == ["output-perturbation"]
    assert [plan.numbers["decay"] > 0 for plan in made if plan.mechanism == "gradient-clipping"] == [False, True]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"dimension": 0}, "dimension must be a whole number"),
        ({"radius": 0.0}, "radius must be a finite number larger than 0"),
        ({"step_size": 0.0}, "step_size must be"),
        ({"learning": 1.0}, "nothing of the model could survive"),
        ({"steps": (9, 8)}, "fewest steps must not exceed the most"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(numbers: dict[str, object], words: str) -> None:
    usual: dict[str, object] = {"dimension": 3, "radius": 1.0, "step_size": 0.1}
    with pytest.raises(ValueError, match=words):
        plan_gradient_clipping(1.0, DELTA, **usual | numbers)  # type: ignore[arg-type]
