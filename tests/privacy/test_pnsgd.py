"""Tests of projected noisy SGD."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.privacy import gaussian_dp, pnsgd

ALL_VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))
VECTORS, SEQUENTIAL = ALL_VECTORS["pnsgd"], ALL_VECTORS["pnsgd_sequential"]

NUMBERS = {"step_size": 0.5, "strong_convexity": 0.1, "n": 100, "batch_size": 10}
SETTINGS = st.fixed_dictionaries(
    {
        "step_size": st.floats(0.01, 2),
        "strong_convexity": st.floats(0, 0.4),
        "n": st.just(48),
        "batch_size": st.sampled_from([4, 16, 48]),
    }
)


def _numbers(inputs):
    return {
        "step_size": inputs["eta"],
        "strong_convexity": inputs["lam"] * inputs["n"],
        "n": inputs["n"],
        "batch_size": inputs["b"],
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vectors(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    numbers, sigma, delta = _numbers(inputs), inputs["sigma"], inputs["delta"]
    distance = pnsgd.distance(gradient_bound=inputs["M"], **numbers)
    assert distance == pytest.approx(outputs["Z_B"], rel=1e-9)
    epochs = pnsgd.epochs(inputs["epsilon"], delta, distance=distance, sigma=sigma, **numbers)
    assert epochs == outputs["K_epochs_exact_gdp"]
    mu = pnsgd.mu(distance=distance, sigma=sigma, epochs=outputs["K_epochs_paper_form"], **numbers)
    epsilon = gaussian_dp.epsilon(mu, delta)
    assert epsilon == pytest.approx(outputs["epsilon_exact_gdp_at_K_paper"], rel=1e-9)


@pytest.mark.parametrize("vector", SEQUENTIAL, ids=lambda vector: vector["id"])
def test_vectors_of_requests_in_sequence(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    numbers = _numbers(inputs)
    fresh = distance = pnsgd.distance(gradient_bound=inputs["M"], **numbers)
    for expected, epochs in zip(outputs["Z"], outputs["K"], strict=True):
        assert distance == pytest.approx(expected, rel=1e-9)
        # The number of epochs stated there is that of a looser account.
        assert (
            pnsgd.epochs(inputs["epsilon"], inputs["delta"], distance=distance, sigma=inputs["sigma"], **numbers)
            <= epochs
        )
        distance = pnsgd.next_distance(distance=distance, epochs=epochs, fresh_distance=fresh, **numbers)


@given(SETTINGS, st.floats(0.01, 10), st.floats(0.01, 1), st.floats(0.1, 5), st.floats(1e-7, 1e-2))
def test_the_epochs_are_just_enough(numbers, distance, sigma, epsilon, delta):
    epochs = pnsgd.epochs(epsilon, delta, distance=distance, sigma=sigma, **numbers)
    allowed = gaussian_dp.mu(epsilon, delta)
    assert pnsgd.mu(distance=distance, sigma=sigma, epochs=epochs, **numbers) <= allowed * (1 + 1e-9)
    if epochs > 1:
        assert pnsgd.mu(distance=distance, sigma=sigma, epochs=epochs - 1, **numbers) > allowed * (1 - 1e-9)


@given(SETTINGS, st.integers(1, 5))
def test_mu_is_the_best_division_of_the_shift(numbers, epochs):
    steps = epochs * numbers["n"] // numbers["batch_size"]
    ratio = 1 - numbers["step_size"] * numbers["strong_convexity"]
    apart, variance = 1.0, 0.0
    for _ in range(steps):
        apart, variance = ratio * apart, ratio**2 * variance + 2 * numbers["step_size"] * 0.3**2
    got = pnsgd.mu(distance=1.0, sigma=0.3, epochs=epochs, **numbers)
    assert got == pytest.approx(apart / math.sqrt(variance), rel=1e-9)


@given(SETTINGS, st.integers(1, 6), st.integers(0, 47), st.integers(0, 2**32 - 1))
def test_two_trainings_stay_within_the_distance(numbers, epochs, row, seed):
    # Contractions of curvature at least m, with the gradient of one row as far apart as the clipping allows.
    rng = np.random.default_rng(seed)
    apart = 0.0
    for _ in range(epochs):
        for batch in range(numbers["n"] // numbers["batch_size"]):
            curvature = rng.uniform(numbers["strong_convexity"], 1 / numbers["step_size"])
            apart *= 1 - numbers["step_size"] * curvature
            if batch == row // numbers["batch_size"]:
                apart += 2 * numbers["step_size"] / numbers["batch_size"]
    bound = pnsgd.distance(gradient_bound=1.0, trained_epochs=epochs, **numbers)
    assert apart <= bound * (1 + 1e-9)
    if numbers["strong_convexity"] > 1e-300:
        assert bound <= pnsgd.distance(gradient_bound=1.0, **numbers) * (1 + 1e-9)


def test_vanishing_convexity_is_none():
    weak, none = (
        pnsgd.distance(gradient_bound=1, trained_epochs=7, **NUMBERS | {"strong_convexity": m}) for m in (1e-14, 0)
    )
    assert weak == pytest.approx(none, rel=1e-9)
    assert none == pytest.approx(2 * 0.5 / 10 * 7)
    epochs = [pnsgd.epochs(1, 1e-5, distance=3, sigma=0.2, **NUMBERS | {"strong_convexity": m}) for m in (1e-12, 0)]
    assert epochs[0] == epochs[1] > 1


def test_projection_caps_every_distance():
    assert pnsgd.distance(gradient_bound=1e6, projection_radius=2, **NUMBERS) == 4
    assert pnsgd.distance(gradient_bound=1, projection_radius=2, **NUMBERS | {"strong_convexity": 0}) == 4
    capped = pnsgd.next_distance(distance=3.9, epochs=1, fresh_distance=3.9, projection_radius=2, **NUMBERS)
    assert capped == 4


def test_more_rows_are_further_apart():
    one, three = (pnsgd.distance(gradient_bound=1, removed=removed, **NUMBERS) for removed in (1, 3))
    assert three == pytest.approx(3 * one)


def test_nothing_removed_in_effect_needs_one_epoch():
    assert pnsgd.distance(gradient_bound=0, **NUMBERS | {"strong_convexity": 0}) == 0
    assert pnsgd.epochs(1, 1e-5, distance=0, sigma=1, **NUMBERS) == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"step_size": 0}, "step_size must be"),
        ({"step_size": 10}, r"step_size \* strong_convexity must be smaller than 1"),
        ({"strong_convexity": 0}, "Nothing bounds the distance"),
        ({"gradient_bound": -1}, "gradient_bound must be"),
        ({"batch_size": 7}, "100 rows do not divide into batches of 7"),
        ({"n": 0}, "n must be"),
        ({"removed": 0}, "removed must be"),
        ({"trained_epochs": 0}, "trained_epochs must be"),
        ({"projection_radius": 0}, "projection_radius must be"),
        ({"projection_radius": math.nan}, "projection_radius must be"),
    ],
)
def test_numbers_out_of_range_are_named(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        pnsgd.distance(**NUMBERS | {"gradient_bound": 1} | changed)


def test_trainings_on_other_labels_are_a_shift_in_every_step_apart():
    # The worst case step by step: each adds eta sqrt(2) r and contracts by 1 - eta m.
    apart = 0.0
    for _ in range(2000):
        apart = (1 - 0.5 * 0.1) * apart + 0.5 * pnsgd.relabelled_gradient(3.0)
    numbers = {"feature_radius": 3.0, "strong_convexity": 0.1}
    assert pnsgd.relabelled_distance(projection_radius=1e9, **numbers) == pytest.approx(apart, rel=1e-9)
    assert pnsgd.relabelled_distance(projection_radius=2.0, **numbers) == 4


def test_changed_labels_of_all_images_are_half_of_all_images_exchanged():
    numbers = {"step_size": 0.5, "strong_convexity": 0.1, "n": 100, "batch_size": 100}
    exchanged = pnsgd.distance(gradient_bound=pnsgd.relabelled_gradient(3.0), removed=100, **numbers)
    relabelled = pnsgd.relabelled_distance(feature_radius=3.0, strong_convexity=0.1, projection_radius=1e9)
    assert exchanged == pytest.approx(2 * relabelled)


@pytest.mark.parametrize(("images", "n"), [(1, 4), (4, 4), (5, 8), (12, 12)])
def test_the_last_batch_is_filled_up(images, n):
    assert pnsgd.filled(images, 4) == n


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"feature_radius": -1}, "feature_radius must be"),
        ({"strong_convexity": 0}, "strong_convexity must be"),
        ({"projection_radius": math.inf}, "projection_radius must be"),
    ],
)
def test_numbers_of_other_labels_out_of_range_are_named(changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        pnsgd.relabelled_distance(**{"feature_radius": 1, "strong_convexity": 1, "projection_radius": 1} | changed)
