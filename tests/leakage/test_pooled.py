"""Tests of leakage from one table over all pixels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.leakage import mutual_information, s_global


def _images(images, related, seed=0, size=5):
    """One artefact value and one truth an image, so that pixels are wholly dependent."""
    rng = np.random.default_rng(seed)
    spurious, truth = rng.random((2, images)) < 0.5
    truth = np.where(rng.random(images) < related, spurious, truth)
    spread = np.ones((1, size, size), int)
    return spurious[:, None, None] * spread, truth[:, None, None] * spread, np.ones((images, size, size), int)


def test_it_is_the_information_of_the_pooled_table_less_the_bias_of_the_images():
    stacks = _images(80, 0.6)
    table = [[np.sum((stacks[0] == s) & (stacks[1] == y)) for y in (0, 1)] for s in (0, 1)]
    estimate = s_global(*stacks, estimator="pooled", resamples=20)
    plug_in = mutual_information(table, "plug-in")
    # 80 images, not 2,000 pixels, are what counts: the first-order bias is 1 / 2N.
    assert plug_in - estimate.normalised == pytest.approx(1 / 160, rel=0.2)
    assert estimate.value == pytest.approx(25 * estimate.normalised)
    assert estimate.map.sum() == pytest.approx(estimate.value)
    assert estimate.left_out == 0


def test_unrelated_images_leak_nothing_on_average():
    values = [s_global(*_images(60, 0, seed), estimator="pooled", resamples=1).normalised for seed in range(150)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 150**0.5
    assert np.std(values) < 0.02


def test_it_is_blind_to_place():
    rng = np.random.default_rng(0)
    spurious = rng.integers(0, 2, (200, 1, 2))
    truth = spurious.copy()
    truth[..., 1] = 1 - truth[..., 1]
    stacks = (spurious, truth, np.ones_like(truth))
    assert s_global(*stacks, estimator="pooled", resamples=1).normalised < 0.05
    assert s_global(*stacks, resamples=1).normalised > 0.6


def test_one_image_and_no_prediction_tell_nothing():
    one = s_global(*_images(1, 0), estimator="pooled", resamples=5)
    assert (one.normalised, one.low, one.high) == (0, 0, 0)
    spurious, truth, prediction = _images(9, 0)
    none = s_global(spurious, truth, 0 * prediction, estimator="pooled", resamples=5)
    assert (none.value, none.max_class) == (0, None)
