from __future__ import annotations

import numpy as np

from napari_unlearn.project.editing import FineMask


def mask(fine: list[list[int]], coarse: list[list[int]]) -> FineMask:
    return FineMask("a", np.array(coarse, np.uint8), np.array(fine, np.uint8))


def test_labels_outside_the_coarse_mask_are_clipped() -> None:
    editing = mask([[0, 2, 0, 0]], [[0, 2, 2, 0]])
    editing.fine[0, :] = 2
    assert editing.clip((slice(0, 1), slice(0, 4)))
    assert editing.fine.tolist() == [[0, 2, 2, 0]]
    assert not editing.clip((slice(0, 1), slice(0, 4)))


def test_fine_pixels_that_were_outside_stay_until_the_user_decides() -> None:
    editing = mask([[1, 1, 0, 0]], [[0, 1, 1, 0]])
    assert editing.outside == 1
    assert not editing.clip((slice(0, 1), slice(0, 4)))
    assert editing.trim_outside() == 1
    assert editing.fine.tolist() == [[0, 1, 0, 0]]
    assert editing.dirty


def test_the_restoring_brush_paints_the_class_that_fills_most_of_the_coarse_mask() -> None:
    assert mask([[0, 0, 0, 0]], [[0, 2, 2, 1]]).class_id == 2
    assert mask([[0, 0]], [[0, 0]]).class_id == 1


def test_what_nobody_may_write_down_is_let_go() -> None:
    editing = mask([[0, 2, 2, 0]], [[0, 2, 2, 0]])
    assert not editing.let_go()
    editing.fine[0, 1] = 0
    editing.touch()
    assert editing.settle()
    assert editing.let_go()
    assert editing.settled == []
    assert not editing.let_go()
