"""Painting over changes the hole and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.data.inpainting import paint_over


@given(seed=st.integers(0, 200), side=st.sampled_from([16, 33, 64]))
def test_only_the_hole_changes_and_only_to_colours_that_are_known(seed: int, side: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(50, 90, size=(side, side + 5, 3)).astype(np.uint8)
    hole, known = rng.random((2, side, side + 5)) < 0.5
    image[~known] = 200
    painted = paint_over(image, hole, known)
    np.testing.assert_array_equal(painted[~hole], image[~hole])
    assert painted.dtype == np.uint8
    assert 50 <= painted[hole].min() <= painted[hole].max() < 90


def test_nearer_pixels_overrule_farther_ones() -> None:
    image = np.full((64, 64, 3), 100, np.uint8)
    image[:, 32:] = 200
    hole = np.zeros((64, 64), bool)
    hole[30:34, 4:8] = hole[30:34, 56:60] = True
    painted = paint_over(image, hole, np.ones_like(hole))
    assert painted[30:34, 4:8].max() <= 105
    assert painted[30:34, 56:60].min() >= 195


@pytest.mark.parametrize(("hole", "known"), [(False, True), (True, True), (True, False)])
def test_where_there_is_nothing_to_paint_or_to_take_colours_from_nothing_happens(hole: bool, known: bool) -> None:
    image = np.random.default_rng(0).integers(256, size=(8, 8, 3)).astype(np.uint8)
    painted = paint_over(image, np.full((8, 8), hole), np.full((8, 8), known))
    np.testing.assert_array_equal(painted, image)


def test_the_image_itself_is_not_changed() -> None:
    image = np.random.default_rng(0).integers(256, size=(8, 8, 3)).astype(np.uint8)
    before, hole = image.copy(), np.eye(8, dtype=bool)
    assert paint_over(image, hole, ~hole) is not image
    np.testing.assert_array_equal(image, before)


def test_a_wide_blur_on_a_smaller_image_is_the_blur_itself() -> None:
    from scipy.ndimage import gaussian_filter

    from napari_unlearn.data.inpainting import wide_blur

    rng = np.random.default_rng(0)
    plane = gaussian_filter(rng.normal(size=(133, 250)), 12).astype(np.float32)
    plane /= np.abs(plane).max()
    for sigma in (2.0, 9.0, 20.0, 64.0):
        assert np.abs(wide_blur(plane, sigma) - gaussian_filter(plane, sigma, truncate=3)).max() < 0.06
