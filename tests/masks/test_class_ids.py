"""Tests of what is asked of a mask."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.masks.class_ids import class_ids, image_class_ids, shape_text


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16, np.uint64])
def test_whole_numbers_pass_unchanged(dtype):
    mask = np.ones((2, 3), dtype)
    assert class_ids("coarse mask", mask) is mask


def test_an_empty_signed_mask_passes():
    assert class_ids("coarse mask", np.zeros((0, 3), np.int8)).size == 0


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, "U1"])
def test_other_types_are_named(dtype):
    with pytest.raises(ValueError, match=f"The coarse mask .* type is {np.dtype(dtype)}"):
        class_ids("coarse mask", np.zeros((1, 1), dtype))


def test_shapes_read_as_a_person_writes_them():
    assert shape_text(np.zeros((480, 640))) == "480 x 640"
    with pytest.raises(ValueError, match="a single number"):
        image_class_ids("fine mask", np.array(3))
