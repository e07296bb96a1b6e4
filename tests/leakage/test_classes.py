"""Tests of the choice of classes and of what the classes share."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.leakage.classes import MOST_SHUFFLES, measure_classes, wanted_classes
from napari_unlearn.leakage.observations import observe

RNG = np.random.default_rng(0)
STACKS = (RNG.random((25, 3, 3)) < 0.4, RNG.integers(0, 3, (25, 3, 3)), RNG.choice([0, 1, 4], (25, 3, 3)))
IMAGES = observe(*STACKS)


def test_every_class_that_occurs_is_looked_at():
    other = observe(STACKS[0], STACKS[1], np.full_like(STACKS[2], 7))
    assert wanted_classes(None, [IMAGES, other]) == [1, 2, 4, 7]
    assert wanted_classes([4, 1, 4], [IMAGES]) == [1, 4]


def test_background_is_no_class():
    with pytest.raises(ValueError, match="0 is among them"):
        wanted_classes([0, 1], [IMAGES])


def test_there_are_as_many_shuffles_as_resamples_but_not_too_many():
    counts = []
    for resamples, permutations in ((7, None), (300, None), (7, 30), (7, 0)):
        (measured,) = measure_classes([IMAGES], [1], "miller-madow", resamples, permutations, 0)
        counts.append(measured[1].total.chance.size)
        assert measured[1].total.drawn.size == resamples
    assert counts == [7, MOST_SHUFFLES, 30, 0]


@pytest.mark.parametrize("estimator", ["permutation-null", "pooled"])
def test_models_share_draws_and_shuffles(estimator):
    one, other = measure_classes([IMAGES, IMAGES], [1], estimator, 20, None, 3)
    np.testing.assert_array_equal(one[1].total.drawn, other[1].total.drawn)
    np.testing.assert_array_equal(one[1].total.chance, other[1].total.chance)
