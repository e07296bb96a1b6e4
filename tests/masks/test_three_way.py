"""Tests of pixels where an artefact lies over the lesion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unlearn.masks import split_pixels, split_three_ways

MASKS = hnp.arrays(np.uint8, (5, 6), elements=st.integers(0, 2))
FLAGS = hnp.arrays(np.uint8, (5, 6), elements=st.sampled_from([0, 0, 1, 16, 18]))


@given(MASKS, st.one_of(st.none(), MASKS), st.one_of(st.none(), FLAGS))
def test_the_parts_cover_the_case_and_share_nothing(coarse, fine, flags):
    split = split_three_ways(coarse, fine, flags)
    parts = (split.forget, split.overlap, split.rest)
    np.testing.assert_array_equal(sum(part.astype(int) for part in parts), 1)


@given(MASKS, st.one_of(st.none(), MASKS), st.one_of(st.none(), FLAGS))
def test_artefacts_change_nothing_about_what_is_forgotten(coarse, fine, flags):
    split = split_three_ways(coarse, fine, flags)
    np.testing.assert_array_equal(split.forget, split_pixels(coarse, fine).forget)
    assert not np.any(split.forget & (coarse == 0))


@given(MASKS, MASKS, FLAGS)
def test_exactly_artefacts_inside_the_fine_mask_overlap(coarse, fine, flags):
    np.testing.assert_array_equal(split_three_ways(coarse, fine, flags).overlap, (fine > 0) & (flags > 0))


@given(MASKS, FLAGS)
def test_where_nobody_drew_the_lesion_or_the_artefacts_nothing_overlaps(masks, flags):
    assert not split_three_ways(masks, None, flags).overlap.any()
    assert not split_three_ways(masks, masks, None).overlap.any()


def test_an_artefact_map_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"artefact map has the shape \(2, 3\), but the masks have \(2, 2\)"):
        split_three_ways(np.ones((2, 2), np.uint8), np.ones((2, 2), np.uint8), np.ones((2, 3), np.uint8))
