"""Tests of how a fine mask lies within its coarse mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unlearn.masks import constrain, dilation_artefacts, fine_outside_coarse, update_artefacts

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)
DTYPES = st.sampled_from([np.uint8, np.int64])
PAIRS = st.tuples(SHAPES, DTYPES).flatmap(
    lambda of: st.tuples(
        *(hnp.arrays(of[1], of[0], elements=st.integers(0, 3)) for _ in range(2)),
    )
)


def test_artefacts_are_lesion_in_coarse_and_background_in_fine():
    coarse = np.array([[1, 1, 2, 0, 0]], np.uint8)
    fine = np.array([[1, 0, 1, 0, 2]], np.uint8)
    np.testing.assert_array_equal(dilation_artefacts(coarse, fine), [[False, True, False, False, False]])
    np.testing.assert_array_equal(fine_outside_coarse(coarse, fine), [[False, False, False, False, True]])
    assert dilation_artefacts(coarse, fine).dtype == np.bool_


def test_binary_masks_and_stacks_are_class_ids_too():
    stack = np.ones((3, 2, 2), np.bool_)
    assert dilation_artefacts(stack, ~stack).all()
    assert not dilation_artefacts(stack, stack).any()


@given(PAIRS)
def test_a_mask_has_no_artefacts_against_itself(pair):
    coarse, _ = pair
    assert not dilation_artefacts(coarse, coarse).any()
    assert not fine_outside_coarse(coarse, coarse).any()


@given(PAIRS)
def test_lesion_of_coarse_is_artefacts_plus_lesion_of_nested_fine(pair):
    coarse, fine = pair
    nested = constrain(fine, coarse)
    artefacts = dilation_artefacts(coarse, nested)
    np.testing.assert_array_equal(coarse > 0, artefacts ^ (nested > 0))
    assert not np.any(artefacts & (nested > 0))


@given(PAIRS)
def test_constrain_mends_nesting_and_nothing_else(pair):
    coarse, fine = pair
    nested = constrain(fine, coarse)
    assert nested.dtype == fine.dtype
    assert not fine_outside_coarse(coarse, nested).any()
    np.testing.assert_array_equal(constrain(nested, coarse), nested)
    np.testing.assert_array_equal(nested != fine, fine_outside_coarse(coarse, fine))
    np.testing.assert_array_equal(dilation_artefacts(coarse, nested), dilation_artefacts(coarse, fine))


def test_constrain_leaves_its_argument_alone():
    fine = np.array([[1, 1]], np.uint8)
    constrain(fine, np.array([[0, 1]], np.uint8))
    np.testing.assert_array_equal(fine, [[1, 1]])


@given(PAIRS, st.data())
def test_updating_a_rectangle_equals_computing_everything_again(pair, data):
    coarse, fine = pair
    height, width = coarse.shape
    rows = slice(*sorted(data.draw(st.tuples(st.integers(0, height), st.integers(0, height)))))
    columns = slice(*sorted(data.draw(st.tuples(st.integers(0, width), st.integers(0, width)))))
    artefacts = dilation_artefacts(coarse, fine)
    before = np.count_nonzero(artefacts)
    fine[rows, columns] = data.draw(st.integers(0, 3))
    change = update_artefacts(coarse, fine, artefacts, (rows, columns))
    np.testing.assert_array_equal(artefacts, dilation_artefacts(coarse, fine))
    assert before + change == np.count_nonzero(artefacts)


def test_update_touches_the_rectangle_only():
    coarse, fine = np.ones((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
    artefacts = np.zeros((4, 4), np.bool_)
    assert update_artefacts(coarse, fine, artefacts, (slice(1, 3), slice(0, 2))) == 4
    assert artefacts[1:3, :2].all()
    assert np.count_nonzero(artefacts) == 4


@pytest.mark.parametrize("function", [dilation_artefacts, fine_outside_coarse, constrain])
def test_errors_name_the_mismatch(function):
    good = np.zeros((2, 3), np.uint8)
    with pytest.raises(ValueError, match=r"2 x 3.*2 x 4|2 x 4.*2 x 3"):
        function(good, np.zeros((2, 4), np.uint8))
    with pytest.raises(ValueError, match="float64"):
        function(good, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="-1"):
        function(good, np.full((2, 3), -1))


def test_update_errors_name_the_mismatch():
    mask, artefacts = np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.bool_)
    everything = (slice(None), slice(None))
    with pytest.raises(ValueError, match="fine mask is 2 x 4"):
        update_artefacts(mask, np.zeros((2, 4), np.uint8), artefacts, everything)
    with pytest.raises(ValueError, match="artefacts is 3 x 3"):
        update_artefacts(mask, mask, np.zeros((3, 3), np.bool_), everything)
    with pytest.raises(ValueError, match="type is uint8"):
        update_artefacts(mask, mask, mask, everything)
