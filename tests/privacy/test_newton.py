"""Tests of the Newton step."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.privacy import gaussian_dp, newton

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))["newton_sekhari"]
NUMBERS = {"lipschitz": 1, "hessian_lipschitz": 1, "strong_convexity": 0.1, "n": 1000, "removed": 10}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vectors(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    numbers = {
        "lipschitz": inputs["L"],
        "hessian_lipschitz": inputs["M"],
        "strong_convexity": inputs["lam"],
        "n": inputs["n"],
        "removed": inputs["m"],
    }
    assert newton.sensitivity(**numbers) == pytest.approx(outputs["gamma_sensitivity"], rel=1e-9)
    sigma = newton.sigma(inputs["epsilon"], inputs["delta"], **numbers)
    assert sigma == pytest.approx(outputs["sigma_analytic"], rel=1e-9)


@given(st.integers(1, 499), st.floats(0.01, 1))
def test_noise_grows_with_the_square_of_what_is_removed_and_the_inverse_cube_of_convexity(removed, convexity):
    base = newton.sigma(1, 1e-5, **NUMBERS | {"removed": removed, "strong_convexity": convexity})
    twice = newton.sigma(1, 1e-5, **NUMBERS | {"removed": 2 * removed, "strong_convexity": convexity})
    flatter = newton.sigma(1, 1e-5, **NUMBERS | {"removed": removed, "strong_convexity": convexity / 2})
    assert twice == pytest.approx(4 * base)
    assert flatter == pytest.approx(8 * base)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"lipschitz": -1}, "lipschitz must be"),
        ({"hessian_lipschitz": -1}, "hessian_lipschitz must be"),
        ({"strong_convexity": 0}, "strong_convexity must be"),
        ({"n": 0}, "n must be"),
        ({"removed": -1}, "removed must be"),
        ({"removed": 1000}, "1000 of 1000 samples"),
    ],
)
def test_numbers_out_of_range_are_named(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        newton.sigma(1, 1e-5, **NUMBERS | changed)


RELABELLED = {"feature_radius": 2, "strong_convexity": 0.5, "drawn_pixels": 1000, "removed_pixels": 10}


def test_removed_labels_need_a_quarter_of_the_published_sensitivity():
    constants = {"lipschitz": math.sqrt(2) * 2, "hessian_lipschitz": 8 / math.sqrt(2), "strong_convexity": 0.5}
    published = newton.sensitivity(n=1000, removed=10, **constants)
    ours = newton.relabelled_sensitivity(residual_bound=0, **RELABELLED)
    assert ours == pytest.approx(published / 4, rel=1e-12)


def test_a_residual_costs_both_runs_even_if_nothing_is_removed():
    residual = 1e-3
    none = newton.relabelled_sensitivity(residual_bound=residual, **RELABELLED | {"removed_pixels": 0})
    once = residual / 0.5 + 8 / math.sqrt(2) * (residual / 0.5) ** 2 / (2 * 0.5)
    assert none == pytest.approx(2 * once, rel=1e-12)
    assert newton.relabelled_sensitivity(residual_bound=0, **RELABELLED | {"removed_pixels": 0}) == 0


def test_added_pixels_cost_both_runs_and_bend_the_objective():
    numbers = RELABELLED | {"residual_bound": 0, "added_pixels": 50}
    bend, slope = 1.05 * 8 / math.sqrt(2), math.sqrt(2) * 2
    expected = sum(bend * (share * slope / 0.5) ** 2 / (2 * 0.5) for share in (0.06, 0.05))
    assert newton.relabelled_sensitivity(**numbers) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="added_pixels must be"):
        newton.relabelled_sensitivity(**numbers | {"added_pixels": -1})


def test_the_noise_of_removed_labels_is_calibrated_exactly():
    numbers = RELABELLED | {"residual_bound": 1e-6}
    sigma = newton.relabelled_sigma(2, 1e-5, **numbers)
    assert sigma == pytest.approx(newton.relabelled_sensitivity(**numbers) / gaussian_dp.mu(2, 1e-5), rel=1e-9)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"feature_radius": -1}, "feature_radius must be"),
        ({"strong_convexity": 0}, "strong_convexity must be"),
        ({"drawn_pixels": 0}, "drawn_pixels must be"),
        ({"removed_pixels": 1001}, "1001 of 1000 are to be removed"),
        ({"residual_bound": -1}, "residual_bound must be"),
    ],
)
def test_numbers_of_removed_labels_out_of_range_are_named(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        newton.relabelled_sensitivity(**RELABELLED | {"residual_bound": 0} | changed)
