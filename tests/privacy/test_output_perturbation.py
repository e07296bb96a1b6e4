"""Tests of output perturbation."""

from __future__ import annotations

import dp_accounting
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.privacy import gaussian_dp, output_perturbation

BUDGETS = st.tuples(st.floats(0.05, 10), st.floats(1e-8, 1e-2))
RADII = st.floats(1e-3, 1e3)


@given(BUDGETS, RADII)
def test_the_noise_spends_the_budget_exactly(budget, radius):
    sigma = output_perturbation.sigma(*budget, radius=radius)
    assert output_perturbation.mu(sigma, radius=radius) == pytest.approx(gaussian_dp.mu(*budget), rel=1e-12)
    assert output_perturbation.sigma(*budget, radius=2 * radius) == pytest.approx(2 * sigma, rel=1e-12)


def test_two_models_in_the_ball_are_its_diameter_apart():
    assert output_perturbation.sensitivity(radius=3) == 6
    expected = 6 * dp_accounting.get_sigma_gaussian(1, 1e-5)
    assert output_perturbation.sigma(1, 1e-5, radius=3) == pytest.approx(expected, rel=1e-9)


def test_a_radius_out_of_range_is_named():
    with pytest.raises(ValueError, match="radius must be a finite number larger than 0"):
        output_perturbation.sigma(1, 1e-5, radius=0)
