"""Tests of coarse masks made from fine ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unlearn.masks import coarsen_box, coarsen_dilate, dilation_artefacts, fine_outside_coarse

MASKS = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.sampled_from([0, 0, 0, 0, 1, 2, 3]),
)
RADII = st.floats(0, 5)
MARGINS = st.integers(0, 5)


@given(MASKS, RADII)
def test_dilation_keeps_what_was_lesion(fine, radius):
    coarse = coarsen_dilate(fine, radius)
    assert coarse.shape == fine.shape
    assert coarse.dtype == fine.dtype
    np.testing.assert_array_equal(coarse[fine > 0], fine[fine > 0])
    assert not fine_outside_coarse(coarse, fine).any()


@given(MASKS, RADII)
def test_dilation_reaches_every_pixel_within_the_radius_and_takes_the_nearest_class(fine, radius):
    coarse = coarsen_dilate(fine, radius)
    rows, columns = np.nonzero(fine)
    for (row, column), got in np.ndenumerate(coarse):
        squared = (rows - row) ** 2 + (columns - column) ** 2
        near = squared.size > 0 and np.sqrt(squared.min()) <= radius
        assert (got > 0) == near
        if near:
            nearest = squared == squared.min()
            assert got in fine[rows[nearest], columns[nearest]]


@given(MASKS, RADII, RADII)
def test_a_larger_radius_contains_a_smaller_one(fine, one, other):
    small, large = (coarsen_dilate(fine, radius) for radius in sorted((one, other)))
    assert np.all(large[small > 0] == small[small > 0])


@given(MASKS)
def test_radius_zero_changes_nothing(fine):
    coarse = coarsen_dilate(fine, 0)
    np.testing.assert_array_equal(coarse, fine)
    assert not np.shares_memory(coarse, fine)


@given(MASKS, MARGINS)
def test_a_box_holds_its_class_and_nothing_beyond_the_margin(fine, margin):
    coarse = coarsen_box(fine, margin)
    assert coarse.dtype == fine.dtype
    np.testing.assert_array_equal(coarse[fine > 0], fine[fine > 0])
    assert set(np.unique(coarse[coarse > 0])) == set(np.unique(fine[fine > 0]))
    for class_id in np.unique(fine[fine > 0]):
        for axis in (0, 1):
            was = np.flatnonzero((fine == class_id).any(axis=1 - axis))
            now = np.flatnonzero((coarse == class_id).any(axis=1 - axis))
            assert now[0] >= was[0] - margin
            assert now[-1] <= was[-1] + margin


@given(MASKS)
def test_boxing_twice_is_boxing_once(fine):
    once = coarsen_box(fine, 0)
    np.testing.assert_array_equal(coarsen_box(once, 0), once)


def test_a_box_of_one_class_is_full_and_cut_by_the_border():
    fine = np.zeros((6, 8), np.int32)
    fine[1, 2] = fine[3, 5] = 2
    expected = np.zeros_like(fine)
    expected[0:6, 0:8] = 2
    np.testing.assert_array_equal(coarsen_box(fine, 2), expected)
    expected[:] = 0
    expected[1:4, 2:6] = 2
    np.testing.assert_array_equal(coarsen_box(fine), expected)


def test_the_smaller_box_lies_on_top():
    fine = np.zeros((9, 9), np.uint8)
    fine[0, 0] = fine[8, 8] = 1
    fine[3, 3] = fine[5, 5] = 2
    coarse = coarsen_box(fine)
    assert np.all(coarse[3:6, 3:6] == 2)
    assert np.count_nonzero(coarse == 1) == 81 - 9


def test_coarsening_makes_artefacts():
    fine = np.zeros((9, 9), np.bool_)
    fine[4, 4] = True
    assert np.count_nonzero(dilation_artefacts(coarsen_dilate(fine, 1), fine)) == 4
    assert np.count_nonzero(dilation_artefacts(coarsen_box(fine, 1), fine)) == 8


@pytest.mark.parametrize("function", [coarsen_dilate, coarsen_box])
@pytest.mark.parametrize("size", [-1, float("nan"), float("inf")])
def test_sizes_out_of_range_are_refused(function, size):
    with pytest.raises(ValueError, match="number of pixels, 0 or more"):
        function(np.zeros((2, 2), np.uint8), size)


@pytest.mark.parametrize("function", [coarsen_dilate, coarsen_box])
def test_only_the_mask_of_one_image_is_taken(function):
    with pytest.raises(ValueError, match=r"two axes.*2 x 2 x 2"):
        function(np.zeros((2, 2, 2), np.uint8), 1)
