"""Tests of the exact accounting of noisy steps with any coefficients."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from napari_unlearn.privacy import noisy_iteration


def _left(gap, ratios, influences, parts):
    """What is left of the distance after each step."""
    found = []
    for ratio, influence, part in zip(ratios, influences, parts, strict=True):
        gap = ratio * gap + influence - part
        found.append(gap)
    return np.array(found)


@pytest.mark.parametrize("seed", range(6))
def test_no_division_that_can_be_made_is_cheaper(seed):
    rng = np.random.default_rng(seed)
    gap, ratios, influences, sigmas = rng.uniform(0, 2), *(rng.uniform(0.2, 1, (3, 5)))
    best = minimize(
        lambda parts: np.sum((parts / sigmas) ** 2),
        influences,
        constraints=[
            {"type": "ineq", "fun": lambda parts: _left(gap, ratios, influences, parts)[:-1]},
            {"type": "eq", "fun": lambda parts: _left(gap, ratios, influences, parts)[-1]},
        ],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert best.success
    found = noisy_iteration.mu(gap, ratios, influences, sigmas)
    assert found == pytest.approx(math.sqrt(best.fun), rel=1e-6)


@given(
    st.floats(0, 3),
    st.lists(st.tuples(st.floats(0.3, 1), st.floats(0, 2), st.floats(0.1, 3)), min_size=1, max_size=12),
)
def test_it_never_claims_less_than_the_total_shift_over_the_total_noise(gap, steps):
    # Two Gaussian processes with the worst constant steps are exactly so far apart.
    ratios, influences, sigmas = zip(*steps, strict=True)
    shift, variance = gap, 0.0
    for ratio, influence, sigma in steps:
        shift, variance = ratio * shift + influence, ratio**2 * variance + sigma**2
    assert noisy_iteration.mu(gap, ratios, influences, sigmas) >= shift / math.sqrt(variance) * (1 - 1e-12)


def test_what_comes_in_with_the_last_step_can_only_be_hidden_by_its_noise():
    # The total quotient would be 1 / sqrt(101), as if the large noise of the first step hid the second one too.
    assert noisy_iteration.mu(0.0, [1.0, 1.0], [0.0, 1.0], [10.0, 1.0]) == 1.0


def test_one_step_is_one_gaussian():
    assert noisy_iteration.mu(3.0, [0.5], [0.25], [2.0]) == pytest.approx(1.75 / 2)


def test_nothing_to_hide_costs_nothing():
    assert noisy_iteration.mu(0.0, [0.5] * 3, [0.0] * 3, [1.0] * 3) == 0


def test_noise_that_is_lost_in_rounding_hides_nothing():
    assert noisy_iteration.mu(0.0, [1.0, 1.0], [0.0, 1.0], [1.0, 1e-9]) == math.inf


def test_a_long_run_that_forgets_its_start_loses_no_digits():
    found = noisy_iteration.mu(2.0, [0.5] * 5000, [0.1] * 5000, [1.0] * 5000)
    assert found == pytest.approx(0.2 / math.sqrt(4 / 3), rel=1e-12)


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        noisy_iteration.mu(1.0, [1.0, 1.0], [1.0], [1.0, 1.0])
