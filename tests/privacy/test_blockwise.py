"""Tests of noisy fine-tuning block by block."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.privacy import blockwise, gaussian_dp, gradient_clipping

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))["blockwise_nft"]

SETTINGS = st.fixed_dictionaries(
    {
        "initial_radius": st.floats(0.01, 50),
        "gradient_radius": st.floats(0.01, 50),
        "step_size": st.floats(1e-4, 0.1),
        "decay": st.floats(0, 9.9),
    }
)


def _settings(inputs):
    return {
        "initial_radius": inputs["C0"],
        "gradient_radius": inputs["C1"],
        "step_size": inputs["gamma"],
        "decay": inputs["lam"],
        "blocks": inputs["blocks"],
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vectors(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    settings, budget = _settings(inputs), (inputs["epsilon"], inputs["delta"])
    least = blockwise.least_sigma(*budget, **settings)
    assert least == pytest.approx(outputs["sigma_exact_gdp"], rel=1e-9)
    assert outputs["sigma_rdp"] / least == pytest.approx(outputs["noise_saving"], rel=1e-9)
    steps = blockwise.best_steps(**settings)
    assert abs(steps - outputs["T_opt_real"]) < 1
    # A whole number of steps can only need more noise than the best real one, and hardly more.
    assert least * (1 - 1e-12) <= blockwise.sigma(*budget, steps=steps, **settings) < least * 1.001


@given(SETTINGS, st.integers(1, 100), st.integers(1, 12))
def test_each_block_gets_its_share_and_all_of_them_the_budget(settings, steps, blocks):
    sigma = blockwise.sigma(1.0, 1e-5, steps=steps, blocks=blocks, **settings)
    share = settings | {"initial_radius": settings["initial_radius"] / math.sqrt(blocks)}
    one = gradient_clipping.mu(sigma, steps=steps, **share)
    assert one == pytest.approx(gaussian_dp.mu(1.0, 1e-5) / math.sqrt(blocks), rel=1e-12)
    assert gaussian_dp.compose([one] * blocks) == pytest.approx(gaussian_dp.mu(1.0, 1e-5), rel=1e-12)


@given(SETTINGS, st.integers(1, 100))
def test_one_block_is_gradient_clipping(settings, steps):
    one = blockwise.sigma(2.0, 1e-6, steps=steps, blocks=1, **settings)
    assert one == gradient_clipping.sigma(2.0, 1e-6, steps=steps, **settings)


@given(SETTINGS, st.integers(1, 300), st.integers(1, 12))
def test_no_number_of_steps_falls_below_the_least_noise(settings, steps, blocks):
    settings["decay"] *= 0.99 * settings["gradient_radius"] / settings["initial_radius"] / 9.9
    settings["decay"] = min(settings["decay"], 9.9)
    least = blockwise.least_sigma(1.0, 1e-5, blocks=blocks, **settings)
    assert blockwise.sigma(1.0, 1e-5, steps=steps, blocks=blocks, **settings) >= least * (1 - 1e-9)


def test_the_squares_of_the_radii_add_up():
    assert 5 * blockwise.block_radius(3.0, 5) ** 2 == pytest.approx(9)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"blocks": 0}, "blocks must be a whole number, 1 or more"),
        ({"initial_radius": 0}, "initial_radius must be"),
        ({"gradient_radius": -1}, "gradient_radius must be"),
        ({"steps": 0.5}, "steps must be"),
        ({"decay": 10}, r"step_size \* decay must be smaller than 1"),
    ],
)
def test_numbers_out_of_range_are_named(changed, sentence):
    settings = {"initial_radius": 1, "gradient_radius": 1, "step_size": 0.1, "steps": 5, "decay": 1, "blocks": 2}
    with pytest.raises(ValueError, match=sentence):
        blockwise.sigma(1, 1e-5, **settings | changed)


def test_without_a_best_number_of_steps_there_is_no_least_noise():
    with pytest.raises(ValueError, match="no best number of steps"):
        blockwise.least_sigma(1, 1e-5, initial_radius=2, gradient_radius=1, step_size=0.1, decay=1, blocks=4)
