"""Tests of leaving one image out."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.leakage.information import counted_information
from napari_unlearn.leakage.jackknife import information_without, variance
from napari_unlearn.leakage.observations import observe


@pytest.mark.parametrize("estimator", ["plug-in", "miller-madow"])
def test_it_is_counting_anew_without_the_image(estimator):
    rng = np.random.default_rng(0)
    shape = (70, 3, 3)
    stacks = (rng.random(shape) < 0.3, rng.integers(0, 3, shape), rng.integers(0, 3, shape))
    observations = observe(*stacks)
    tables = observations.tables(1)
    gone = information_without(observations, 1, tables, estimator)
    whole = counted_information(tables, estimator).sum()
    for image in (0, 63, 64, 69):
        fewer = observe(*(np.delete(stack, image, axis=0) for stack in stacks))
        assert whole - gone[image] == pytest.approx(counted_information(fewer.tables(1), estimator).sum(), abs=1e-9)


def test_the_variance_of_a_mean_is_the_known_one():
    values = np.random.default_rng(1).normal(size=25)
    without = (values.sum() - values) / 24
    assert variance(without) == pytest.approx(values.var(ddof=1) / 25)
    one, two = variance(np.stack([without, 2 * without]))
    assert one == pytest.approx(variance(without))
    assert two == pytest.approx(4 * one)
