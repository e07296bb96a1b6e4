"""Tests of the information in masks of different coarseness."""

from __future__ import annotations

import numpy as np

from napari_unlearn.leakage.information_curve import information_curve


def _lesions_with_rulers(images=80, size=16):
    """A lesion in the middle of each image and, beside half of them, a ruler."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:size, :size]
    distance = np.hypot(rows - size / 2, columns - size / 2)
    radius = rng.uniform(1, 7, (images, 1, 1))
    truth = (distance < radius).astype(int)
    spurious = (rng.random((images, 1, 1)) < 0.5) & (distance > radius) & (columns > size / 2)
    return spurious, truth, {f"{r}": (distance < radius + r).astype(int) for r in (3, 1, 0)}


def test_finer_masks_tell_less_and_exact_ones_nothing():
    spurious, truth, coarse = _lesions_with_rulers()
    curve = information_curve(spurious, truth, coarse, resamples=40)
    assert [point.coarseness for point in curve] == ["3", "1", "0"]
    values = [point.estimate.value for point in curve]
    assert values == sorted(values, reverse=True)
    assert curve[0].estimate.value_low > 0
    assert values[-1] == 0


def test_artefacts_that_have_nothing_to_do_with_lesions_tell_nothing():
    _, truth, coarse = _lesions_with_rulers()
    unrelated = np.random.default_rng(1).random(truth.shape) < 0.3
    for point in information_curve(unrelated, truth, coarse, resamples=40):
        assert point.estimate.low <= 0.002
        assert abs(point.estimate.normalised) < 0.005
