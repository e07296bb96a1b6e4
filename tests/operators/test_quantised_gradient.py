"""Closed forms of smoothed rounding against sampling and against a search for the nearest change."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from napari_unlearn.operators.quantised_gradient import quantise, removal_budget


def probabilities(g: np.ndarray, threshold: float, smoothing: float) -> np.ndarray:
    up, down = norm.sf((threshold - g) / smoothing), norm.sf((threshold + g) / smoothing)
    return np.stack([down, 1 - up - down, up])


@pytest.mark.parametrize("threshold", [0.1, 0.5, 1.5])
def test_the_value_is_the_most_frequent_one_of_many_noisy_roundings(threshold: float) -> None:
    g = np.array([-2.0, -0.7, -0.3, 0.04, 0.45, 1.1, 3.0])
    noisy = g + 0.8 * np.random.default_rng(0).normal(size=(40_000, len(g)))
    rounded = np.sign(noisy) * (np.abs(noisy) > threshold)
    frequent = np.argmax([(rounded == value).sum(axis=0) for value in (-1, 0, 1)], axis=0) - 1
    np.testing.assert_array_equal(quantise(g, threshold, 0.8).values, frequent)


@pytest.mark.parametrize(("threshold", "smoothing"), [(0.1, 1.0), (0.5, 1.0), (1.0, 1.0), (0.02, 0.01)])
def test_the_radius_is_that_of_the_two_largest_probabilities(threshold: float, smoothing: float) -> None:
    g = smoothing * np.array([-3.1, -1.3, -0.6, -0.1, 0.2, 0.9, 2.5])
    second, first = np.sort(probabilities(g, threshold, smoothing), axis=0)[1:]
    expected = smoothing / 2 * (norm.ppf(first) - norm.ppf(second))
    np.testing.assert_allclose(quantise(g, threshold, smoothing).radius, expected, rtol=1e-6)


@pytest.mark.parametrize("threshold", [0.1, 0.6, 2.0])
def test_no_change_within_the_radius_alters_a_value(threshold: float) -> None:
    g = np.linspace(-4, 4, 81)
    quantised = quantise(g, threshold, 1.0)
    assert (quantised.radius >= 0).all()
    for share in (-0.999, -0.5, 0.5, 0.999):
        np.testing.assert_array_equal(quantise(g + share * quantised.radius, threshold, 1.0).values, quantised.values)


def test_with_two_values_in_play_the_radius_is_the_distance_to_the_change() -> None:
    # Between 0 and 1, with -1 far away, the value changes at the threshold.
    g = np.array([4.0, 4.9, 5.2, 6.5])
    np.testing.assert_allclose(quantise(g, 5.0, 1.0).radius, np.abs(g - 5), rtol=1e-9)


def test_certain_coordinates_have_a_finite_radius() -> None:
    g = np.array([0.0, 45.0, -60.0, 1.0])
    for threshold in (10.0, 40.0):
        radius = quantise(g, threshold, 1.0).radius
        assert np.isfinite(radius).all()
        # The nearest change lies at the threshold, and no radius may claim more.
        assert (radius <= np.abs(np.abs(g) - threshold) + 1e-9).all()
        assert (radius >= 0.9 * np.abs(np.abs(g) - threshold)).all()


def test_rounding_does_not_tell_signs_apart() -> None:
    g = np.random.default_rng(1).normal(size=(5, 4))
    one, other = quantise(g, 0.3, 0.5), quantise(-g, 0.3, 0.5)
    np.testing.assert_array_equal(one.values, -other.values)
    np.testing.assert_array_equal(one.radius, other.radius)


def test_below_the_stated_ratio_no_weight_ever_stays_put() -> None:
    g = np.linspace(-1, 1, 2001)
    assert (quantise(g, 0.43, 1.0).values != 0).sum() >= 2000  # all but g = 0, which has no sign
    assert (quantise(g, 0.44, 1.0).values == 0).sum() > 1


def test_removing_samples_within_the_budget_alters_no_value() -> None:
    rng = np.random.default_rng(2)
    samples = rng.normal(size=(400, 3)) * 0.05 + np.array([0.5, -0.6, 0.0])
    samples /= np.maximum(1, np.linalg.norm(samples, axis=1, keepdims=True))
    quantised = quantise(samples.mean(axis=0), 0.2, 0.1)
    budget = removal_budget(float(quantised.radius.min()), len(samples), 1.0)
    assert budget > 10
    for worst in (np.argsort(samples[:, 0]), np.argsort(-samples[:, 1]), np.argsort(samples[:, 2])):
        left = np.delete(samples, worst[:budget], axis=0)
        np.testing.assert_array_equal(quantise(left.mean(axis=0), 0.2, 0.1).values, quantised.values)


def test_the_budget_is_the_formula_rounded_down() -> None:
    assert removal_budget(0.059, 100, 1.0) == 2
    assert removal_budget(0.059, 100, 2.0) == 1
    assert removal_budget(0.0, 10**9, 1.0) == 0
