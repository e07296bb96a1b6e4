"""Tests of noisy fine-tuning with clipped models."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unlearn.privacy import gaussian_dp, model_clipping, output_perturbation

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))["model_clipping"]
FOR_STEPS = [vector for vector in VECTORS if "T_min" in vector["outputs"]]
FOR_SIGMA = [vector for vector in VECTORS if "sigma_min" in vector["outputs"]]
BUDGETS = st.tuples(st.floats(0.05, 10), st.floats(1e-8, 1e-2))


def test_every_vector_is_used():
    assert len(FOR_STEPS) + len(FOR_SIGMA) == len(VECTORS)


@pytest.mark.parametrize("vector", FOR_STEPS, ids=lambda vector: vector["id"])
def test_vectors_for_steps(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    epsilon, delta = inputs["epsilon"], inputs["delta"]
    numbers = {"model_radius": inputs["C2"], "sigma": inputs["sigma"]}
    assert model_clipping.steps(epsilon, delta, **numbers) == outputs["T_min"]
    reached = model_clipping.delta(epsilon, steps=outputs["T_min"], **numbers)
    assert reached == pytest.approx(outputs["delta_T"], rel=1e-9)
    for steps, expected in enumerate(outputs["first_deltas"], start=1):
        assert model_clipping.delta(epsilon, steps=steps, **numbers) == pytest.approx(expected, rel=1e-9)
    one_shot = model_clipping.sigma(epsilon, delta, model_radius=inputs["C2"], steps=1)
    assert one_shot == pytest.approx(outputs["sigma_T1_analytic"], rel=1e-9)


@pytest.mark.parametrize("vector", FOR_SIGMA, ids=lambda vector: vector["id"])
def test_vectors_for_sigma(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    sigma = model_clipping.sigma(inputs["epsilon"], inputs["delta"], model_radius=inputs["C2"], steps=inputs["T"])
    assert sigma == pytest.approx(outputs["sigma_min"], rel=1e-9)
    one_shot = output_perturbation.sigma(inputs["epsilon"], inputs["delta"], radius=inputs["C2"])
    assert sigma / one_shot == pytest.approx(outputs["sigma_over_T1"], rel=1e-9)


@given(BUDGETS, st.floats(0.1, 10))
def test_one_step_is_output_perturbation(budget, radius):
    one = model_clipping.sigma(*budget, model_radius=radius, steps=1)
    assert one == pytest.approx(output_perturbation.sigma(*budget, radius=radius), rel=1e-14)


@settings(deadline=None)
@given(BUDGETS, st.floats(0.1, 10), st.integers(1, 60))
def test_noise_steps_and_delta_agree(budget, radius, steps):
    epsilon, delta = budget
    sigma = model_clipping.sigma(epsilon, delta, model_radius=radius, steps=steps)
    assert model_clipping.delta(epsilon, model_radius=radius, sigma=sigma, steps=steps) == pytest.approx(
        delta, rel=1e-9
    )
    assert model_clipping.steps(epsilon, delta, model_radius=radius, sigma=sigma * (1 + 1e-9)) == steps
    more = model_clipping.sigma(epsilon, delta, model_radius=radius, steps=steps + 1)
    assert more < sigma


@given(st.floats(0, 10), st.floats(0.3, 3), st.integers(2, 20))
def test_the_plain_recursion_agrees_where_floats_can_hold_it(epsilon, noise, steps):
    delta = 1.0
    for _ in range(steps):
        if delta < 1e-200:
            break
        delta *= gaussian_dp.delta(math.log1p(math.expm1(epsilon) / delta), 2 / noise)
    else:
        reached = model_clipping.delta(epsilon, model_radius=1, sigma=noise, steps=steps)
        assert reached == pytest.approx(delta, rel=1e-6, abs=1e-250)


def test_without_epsilon_delta_shrinks_by_the_same_factor():
    once = model_clipping.delta(0, model_radius=1, sigma=2, steps=1)
    assert model_clipping.delta(0, model_radius=1, sigma=2, steps=5) == pytest.approx(once**5, rel=1e-12)


def test_delta_below_every_float_is_zero_and_stays():
    assert model_clipping.delta(1, model_radius=1, sigma=100, steps=3) == 0
    assert model_clipping.delta(1, model_radius=1, sigma=100, steps=100) == 0


def test_noise_that_is_far_too_small_is_refused_with_a_remedy():
    with pytest.raises(ValueError, match=r"More than 10000 steps .* raise sigma or lower model_radius"):
        model_clipping.steps(1, 1e-5, model_radius=1000, sigma=1)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: model_clipping.sigma(1, 1e-5, model_radius=0, steps=1), "model_radius must be"),
        (lambda: model_clipping.sigma(1, 1e-5, model_radius=1, steps=0), "steps must be"),
        (lambda: model_clipping.sigma(1, 1e-5, model_radius=1, steps=1e18), "steps must be 10000 or fewer"),
        (lambda: model_clipping.delta(1, model_radius=1, sigma=1, steps=10_001), "steps must be 10000 or fewer"),
        (lambda: model_clipping.sigma(1, 0, model_radius=1, steps=2), "delta must lie"),
        (lambda: model_clipping.steps(1, 2, model_radius=1, sigma=1), "delta must lie"),
        (lambda: model_clipping.steps(1, 0.1, model_radius=1, sigma=0), "sigma must be"),
        (lambda: model_clipping.delta(-1, model_radius=1, sigma=1, steps=1), "epsilon must be"),
    ],
)
def test_numbers_out_of_range_are_named(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
