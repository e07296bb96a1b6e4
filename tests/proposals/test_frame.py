from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.proposals.frame import SIDE, framed, place, unframed


def box(shape: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[rows[0] : rows[1], columns[0] : columns[1]] = True
    return mask


def test_the_frame_is_a_margin_around_the_coarse_mask_and_never_leaves_the_image() -> None:
    assert place(box((200, 300), (50, 90), (100, 180))) == (slice(40, 100), slice(80, 200))
    assert place(box((60, 60), (0, 60), (20, 60))) == (slice(0, 60), slice(10, 60))


@pytest.mark.parametrize("size", [40, 1000])
def test_there_and_back_keeps_the_mask(size: int) -> None:
    inside = box((size, size), (size // 4, 3 * size // 4), (size // 4, 3 * size // 4))
    frame = framed(np.full((size, size, 3), 128, np.uint8), inside)
    assert max(frame.inside.shape) <= SIDE
    back = unframed(frame.inside, inside)
    assert not (back & ~inside).any()
    assert (back & inside).sum() > 0.95 * inside.sum()


def test_one_lesion_without_holes_and_crumbs_is_left() -> None:
    inside = box((60, 60), (5, 55), (5, 55))
    frame = framed(np.full((60, 60, 3), 128, np.uint8), inside)
    found = np.zeros(frame.inside.shape, bool)
    found[15:40, 15:40] = True
    found[25:28, 25:28] = False
    found[50, 50] = True
    back = unframed(found, inside)
    assert back[26, 26]
    assert not back[45:, 45:].any()


def test_an_empty_coarse_mask_is_a_sentence() -> None:
    with pytest.raises(UserError, match="is empty"):
        framed(np.zeros((20, 20, 3), np.uint8), np.zeros((20, 20), bool))
