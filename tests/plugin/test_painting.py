"""The contract with napari: which events a Labels layer sends while it is painted on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from napari.layers import Labels

from napari_unlearn.plugin.painting import PaintWatch, repaint

Change = tuple[slice, slice] | None


@pytest.fixture
def layer() -> Labels:
    return Labels(np.ones((40, 60), np.uint8))


@pytest.fixture
def changes(layer: Labels) -> list[Change]:
    return []


@pytest.fixture
def ends(layer: Labels, changes: list[Change]) -> Iterator[list[None]]:
    finished: list[None] = []
    before = [layer.data.copy()]

    def end() -> bool:
        changed = not np.array_equal(before[0], layer.data)
        if changed:
            before[0] = layer.data.copy()
            finished.append(None)
        return changed

    watch = PaintWatch(layer, changes.append, end)  # napari refers to it weakly
    yield finished
    watch.stop()


def test_a_stamp_is_a_rectangle_that_holds_all_that_changed(
    layer: Labels, changes: list[Change], ends: list[None]
) -> None:
    layer.brush_size = 9
    layer.paint((20, 30), 0)
    (change,) = changes
    assert change is not None
    outside = layer.data.copy()
    outside[change] = 1
    assert (layer.data == 0).any()
    assert (outside == 1).all()
    assert len(ends) == 1


def test_a_fill_is_told(layer: Labels, changes: list[Change], ends: list[None]) -> None:
    layer.fill((5, 5), 0)
    assert changes
    assert len(ends) == 1


def test_undo_and_redo_are_told_as_whole(layer: Labels, changes: list[Change], ends: list[None]) -> None:
    layer.paint((20, 30), 0)
    changes.clear()
    ends.clear()
    layer.undo()
    layer.redo()
    assert changes == [None, None]
    assert len(ends) == 2


def test_new_data_are_told_as_whole(layer: Labels, changes: list[Change], ends: list[None]) -> None:
    layer.data = np.zeros((40, 60), np.uint8)
    assert None in changes


def test_a_watch_that_stopped_is_silent(layer: Labels) -> None:
    changes: list[Change] = []
    watch = PaintWatch(layer, changes.append, lambda: True)
    watch.stop()
    layer.paint((20, 30), 0)
    layer.undo()
    assert changes == []


def test_a_listener_that_repaints_is_not_called_again(layer: Labels) -> None:
    changes: list[Change] = []

    def listener(change: Change) -> None:
        changes.append(change)
        repaint(layer, change)

    watch = PaintWatch(layer, listener, lambda: True)
    layer.paint((20, 30), 0)
    layer.refresh()
    watch.stop()
    assert len(changes) == 2
