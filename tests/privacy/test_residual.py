"""Tests of the residual certificate."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.privacy import gaussian_dp, residual

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))["residual_certificate"]
BUDGETS = st.tuples(st.floats(0.05, 10), st.floats(1e-8, 1e-2))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vectors(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    numbers = {"residual": inputs["residual_budget"], "strong_convexity": inputs["strong_convexity"]}
    assert residual.sensitivity(**numbers) == pytest.approx(outputs["Delta"], rel=1e-9)
    sigma = residual.sigma(inputs["epsilon"], inputs["delta"], **numbers)
    assert sigma == pytest.approx(outputs["sigma_analytic"], rel=1e-9)


@given(BUDGETS, st.floats(1e-9, 1), st.floats(1e-4, 10), st.sampled_from([1, 2]))
def test_the_noise_spends_the_budget_exactly(budget, bound, convexity, runs):
    numbers = {"residual": bound, "strong_convexity": convexity, "approximate_runs": runs}
    sigma = residual.sigma(*budget, **numbers)
    assert residual.mu(sigma, **numbers) == pytest.approx(gaussian_dp.mu(*budget), rel=1e-12)


def test_two_approximate_runs_can_be_twice_as_far_apart():
    one, two = (residual.sigma(1, 1e-5, residual=1e-4, strong_convexity=0.01, approximate_runs=runs) for runs in (1, 2))
    assert two == 2 * one
    assert residual.sigma(1, 1e-5, residual=1e-4, strong_convexity=0.01) == one


def test_the_distance_holds_for_a_strongly_convex_function():
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(5, 5))
    hessian = factor @ factor.T + 0.3 * np.eye(5)
    for _ in range(50):
        point = rng.normal(size=5)
        bound = residual.sensitivity(residual=float(np.linalg.norm(hessian @ point)), strong_convexity=0.3)
        assert np.linalg.norm(point) <= bound


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"residual": -1}, "residual must be"),
        ({"strong_convexity": 0}, "strong_convexity must be"),
        ({"approximate_runs": 3}, "approximate_runs must be 1 or 2"),
        ({"approximate_runs": 0}, "approximate_runs must be"),
    ],
)
def test_numbers_out_of_range_are_named(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        residual.sigma(1, 1e-5, **{"residual": 1, "strong_convexity": 1} | changed)
