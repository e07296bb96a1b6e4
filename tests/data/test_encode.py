from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from napari_unlearn.data.decode import read_mask, read_values
from napari_unlearn.data.encode import write_mask
from napari_unlearn.errors import UserError

masks = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=20))


@given(mask=masks, ids=st.integers(1, 255))
def test_masks_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, mask: NDArray[np.uint8], ids: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "round" / "a.png"
    write_mask(path, mask)
    first = path.read_bytes()
    np.testing.assert_array_equal(read_values(path), mask)
    write_mask(path, np.asfortranarray(mask))
    assert path.read_bytes() == first
    classes = mask % np.uint8(ids)
    write_mask(path, classes)
    np.testing.assert_array_equal(read_mask(path), classes)


@pytest.mark.parametrize(
    "mask", [np.zeros((2, 3)), np.zeros((2, 3, 1), np.uint8), np.zeros((0, 3), np.uint8), np.zeros((2, 3), bool)]
)
def test_only_masks_are_written(tmp_path: Path, mask: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match=r"A mask is \(H, W\) uint8 with at least one pixel, not"):
        write_mask(tmp_path / "a.png", mask)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said_in_a_sentence_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fine" / "a.png"
    write_mask(path, np.ones((2, 3), np.uint8))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"a.png cannot be saved \(No space left on device\); free some space"):
        write_mask(path, np.zeros((2, 3), np.uint8))
    assert read_mask(path).tolist() == [[1, 1, 1], [1, 1, 1]]
