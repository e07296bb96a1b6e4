"""Tests of the Newton step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.privacy import newton

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
