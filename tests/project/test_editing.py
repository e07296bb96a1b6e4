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


def test_what_lies_outside_is_counted_with_every_step() -> None:
    rng = np.random.default_rng(0)
    coarse = (rng.random((300, 520)) < 0.5).astype(np.uint8) * 2
    editing = FineMask("a", coarse, rng.integers(0, 3, coarse.shape, np.uint8))
    steps, expected = [], [int(np.count_nonzero((editing.fine > 0) & (coarse == 0)))]
    for area in (np.s_[10:40, 200:500], np.s_[:, :], np.s_[290:, :3]):
        editing.fine[area] = rng.integers(0, 3, editing.fine[area].shape, np.uint8)
        editing.touch((slice(*area[0].indices(300)[:2]), slice(*area[1].indices(520)[:2])))
        assert editing.settle()
        steps.append(editing.settled[-1])
        expected.append(int(np.count_nonzero((editing.fine > 0) & (coarse == 0))))
        assert editing.outside == expected[-1]
    for delta, before in zip(reversed(steps), reversed(expected[:-1]), strict=True):
        editing.flip(delta)
        assert editing.outside == before


def test_new_labels_stay_inside_only_as_long_as_they_have_to() -> None:
    editing = mask([[1, 0, 0, 0]], [[0, 1, 1, 0]])
    everything = (slice(0, 1), slice(0, 4))
    editing.keep_inside(False)
    editing.fine[0, 3] = 1
    assert not editing.clip(everything)
    editing.keep_inside(True)
    assert editing.kept_inside
    editing.fine[0] = [1, 1, 0, 1]
    assert not editing.clip(everything)
    editing.fine[0, 3] = 0
    editing.keep_inside(True)
    editing.fine[0, 3] = 1
    assert editing.clip(everything)
    assert editing.fine.tolist() == [[1, 1, 0, 0]]


def test_the_restoring_brush_paints_the_class_that_fills_most_of_the_coarse_mask() -> None:
    assert mask([[0, 0, 0, 0]], [[0, 2, 2, 1]]).class_id == 2
    assert mask([[0, 0]], [[0, 0]]).class_id == 1
    tall = np.ones((600, 2), np.uint8)
    tall[:301] = 3
    assert FineMask("a", tall, tall.copy()).class_id == 3


def test_what_nobody_may_write_down_is_let_go() -> None:
    editing = mask([[0, 2, 2, 0]], [[0, 2, 2, 0]])
    assert not editing.let_go()
    editing.fine[0, 1] = 0
    editing.touch()
    assert editing.settle()
    assert editing.let_go()
    assert editing.settled == []
    assert not editing.let_go()
