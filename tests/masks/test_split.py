"""Tests of which pixels are retained and which are forgotten."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unlearn.masks import dilation_artefacts, split_pixels

MASKS = hnp.arrays(np.uint8, (5, 6), elements=st.integers(0, 2))


@given(MASKS, st.one_of(st.none(), MASKS))
def test_the_parts_partition_the_pixels(coarse, fine):
    split = split_pixels(coarse, fine)
    np.testing.assert_array_equal(split.retain, ~split.forget)
    np.testing.assert_array_equal(split.corrected ^ split.unknown, split.forget)
    assert not np.any(split.corrected & split.unknown)


@given(MASKS, MASKS)
def test_a_refined_case_forgets_its_artefacts_and_knows_all(coarse, fine):
    split = split_pixels(coarse, fine)
    np.testing.assert_array_equal(split.forget, dilation_artefacts(coarse, fine))
    np.testing.assert_array_equal(split.corrected, split.forget)
    assert not split.unknown.any()


@given(MASKS)
def test_an_unrefined_case_retains_the_certain_background_only(coarse):
    split = split_pixels(coarse, None)
    np.testing.assert_array_equal(split.retain, coarse == 0)
    np.testing.assert_array_equal(split.unknown, coarse > 0)
    assert not split.corrected.any()


@given(MASKS, MASKS)
def test_refining_never_takes_a_certain_pixel_away(coarse, fine):
    assert np.all(split_pixels(coarse, fine).retain[split_pixels(coarse, None).retain])


def test_the_parts_share_no_memory():
    for split in (
        split_pixels(np.ones((2, 2), np.uint8), None),
        split_pixels(np.ones((2, 2)) > 0, np.zeros((2, 2)) > 0),
    ):
        parts = (split.retain, split.forget, split.corrected, split.unknown)
        assert not any(np.shares_memory(a, b) for i, a in enumerate(parts) for b in parts[i + 1 :])


def test_errors_name_the_mismatch():
    with pytest.raises(ValueError, match="coarse mask is 2 x 2 and the fine mask is 2 x 3"):
        split_pixels(np.ones((2, 2), np.uint8), np.ones((2, 3), np.uint8))
    with pytest.raises(ValueError, match="coarse mask must hold whole class numbers"):
        split_pixels(np.ones((2, 2)), None)
