"""Tests of leakage on resampled sets of images."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.leakage.bootstrap import draw_weights, image_sets
from napari_unlearn.leakage.information import counted_information
from napari_unlearn.leakage.observations import observe


def _observations(images=13, size=4, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    shape = (images, size, size)
    return observe(rng.random(shape) < 0.4, rng.integers(0, classes, shape), rng.integers(0, classes, shape))


def _repeated(observations, weights):
    """The same images, each as often as it was drawn."""
    repeats = weights.astype(int)
    stacks = (observations.spurious, observations.truth, observations.prediction)
    return observe(*(np.repeat(stack, repeats, axis=0)[:, None] for stack in stacks))


@pytest.mark.parametrize("estimator", ["plug-in", "miller-madow"])
@pytest.mark.parametrize("images", [1, 7, 8, 13])
def test_weights_do_what_repeating_the_images_does(estimator, images):
    observations = _observations(images)
    weights = draw_weights(images, 25, seed=3)
    for class_id in (1, 2):
        sums = image_sets(observations, class_id, observations.tables(class_id)).sums(weights, estimator)
        for drawn, row in zip(sums, weights, strict=True):
            expected = counted_information(_repeated(observations, row).tables(class_id), estimator).sum()
            assert drawn == pytest.approx(expected, abs=1e-9)


def test_every_image_once_is_the_estimate_itself():
    observations = _observations(30, size=60)
    tables = observations.tables(1)
    sums = image_sets(observations, 1, tables).sums(np.ones((1, 30), np.float32), "miller-madow")
    assert sums[0] == pytest.approx(counted_information(tables, "miller-madow").sum(), abs=1e-8)


def test_pixels_that_count_the_same_images_are_computed_once():
    one = _observations(20, size=1)
    stacks = (one.spurious, one.truth, one.prediction)
    many = observe(*(np.repeat(stack[:, None], 50, axis=2) for stack in stacks))
    few_sets, many_sets = (image_sets(of, 1, of.tables(1)) for of in (one, many))
    np.testing.assert_array_equal(few_sets.members, many_sets.members)
    np.testing.assert_array_equal(50 * few_sets.factors, many_sets.factors)


def test_tables_without_information_leave_nothing_to_compute():
    truth = np.arange(8).reshape(8, 1, 1) % 2
    never = observe(np.zeros((8, 1, 1), bool), truth, np.ones((8, 1, 1), int))
    sets = image_sets(never, 1, never.tables(1))
    assert sets.factors.size == 0
    np.testing.assert_array_equal(sets.sums(draw_weights(8, 5, 0), "miller-madow"), np.zeros(5))


def test_as_many_images_are_drawn_as_there_are():
    weights = draw_weights(40, 300, seed=1)
    assert weights.shape == (300, 40)
    np.testing.assert_array_equal(weights.sum(axis=1), np.full(300, 40))
    np.testing.assert_array_equal(weights, draw_weights(40, 300, seed=1))
    assert np.any(weights != draw_weights(40, 300, seed=2))
