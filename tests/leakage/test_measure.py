"""Tests of the leakage of one class with its replicates."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.leakage.bootstrap import draw_weights
from napari_unlearn.leakage.measure import measure
from napari_unlearn.leakage.observations import observe
from napari_unlearn.leakage.shuffle import shuffles

RNG = np.random.default_rng(5)
STACKS = (RNG.random((40, 3, 4)) < 0.4, RNG.integers(0, 3, (40, 3, 4)), RNG.integers(0, 2, (40, 3, 4)))
IMAGES = observe(*STACKS)


def _measure(images, estimator="miller-madow"):
    return measure(images, 1, estimator, draw_weights(40, 25, 0), shuffles([images], 25, 0))


def test_on_few_pixels_the_part_is_the_whole():
    class_ = _measure(IMAGES)
    for number in (class_.total, class_.per_pixel):
        assert number.part == pytest.approx(number.estimate)
        np.testing.assert_allclose(number.part_without, number.without)


def test_without_an_image_is_the_estimate_of_the_others():
    class_ = _measure(IMAGES)
    fewer = observe(*(np.delete(stack, 7, axis=0) for stack in STACKS))
    others = measure(fewer, 1, "miller-madow", draw_weights(39, 1, 0), shuffles([fewer], 0, 0))
    assert class_.per_pixel.without[7] == pytest.approx(others.per_pixel.estimate)
    assert class_.total.without[7] == pytest.approx(others.total.estimate)


@pytest.mark.parametrize("estimator", ["miller-madow", "permutation-null"])
def test_a_shuffle_is_the_estimate_of_shuffled_maps(estimator):
    class_ = _measure(IMAGES, estimator)
    order = shuffles([IMAGES], 25, 0)[3]
    again = _measure(IMAGES.shuffled(order[None]), estimator)
    assert class_.per_pixel.chance[3] == pytest.approx(again.per_pixel.estimate)
    np.testing.assert_allclose(class_.per_pixel.chance_without[3], again.per_pixel.without)


def test_sums_of_many_pixels_are_scaled_up_from_a_part_of_them():
    wide = observe(*(np.tile(stack, (1, 10, 10)) for stack in STACKS))
    class_ = _measure(wide)
    assert class_.total.part == pytest.approx(class_.total.estimate, rel=0.1)
    assert class_.per_pixel.part == pytest.approx(class_.per_pixel.estimate, rel=0.1)
