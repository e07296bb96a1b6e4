"""Whatever is painted, undone, redone, filled or replaced: the overlay is coarse minus fine, pixel for pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Labels

from napari_unlearn.plugin.forget_overlay import ForgetOverlay
from napari_unlearn.project.editing import FineMask

SHAPE = (24, 32)
places = st.tuples(st.integers(0, SHAPE[0] - 1), st.integers(0, SHAPE[1] - 1))
actions = st.one_of(
    st.tuples(st.just("paint"), places, st.integers(0, 2), st.integers(1, 15)),
    st.tuples(st.just("fill"), places, st.integers(0, 2)),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
    st.tuples(st.just("data"), st.integers(0, 2**32 - 1)),
)


class Desk:
    """A fine mask with its two layers, and what was told about it."""

    def __init__(self) -> None:
        coarse = np.zeros(SHAPE, np.uint8)
        coarse[3:20, 4:28] = 2
        self.editing = FineMask("a", coarse, coarse.copy())
        self.fine = Labels(self.editing.fine)
        self.overlay = Labels(np.zeros(SHAPE, np.uint8))
        self.counts: list[tuple[int, int]] = []
        self.strokes = 0
        self.tie = ForgetOverlay(
            self.editing, self.fine, self.overlay, lambda *count: self.counts.append(count), self.stroke
        )

    def stroke(self) -> None:
        self.strokes += 1

    def do(self, name: str, *rest: Any) -> None:
        if name == "paint":
            place, label, size = rest
            self.fine.brush_size = size
            self.fine.paint(place, label)
        elif name == "fill":
            self.fine.fill(*rest)
        elif name == "data":
            self.fine.data = np.random.default_rng(rest[0]).integers(0, 3, SHAPE, np.uint8)
        else:
            getattr(self.fine, name)()


@settings(max_examples=60)
@given(st.lists(actions, max_size=12))
def test_overlay_and_count_are_coarse_minus_fine(steps: list[tuple[Any, ...]]) -> None:
    desk = Desk()
    for step in steps:
        desk.do(*step)
        expected = (desk.editing.coarse > 0) & (desk.editing.fine == 0)
        assert desk.fine.data is desk.editing.fine
        assert np.array_equal(desk.overlay.data > 0, expected)
        assert desk.tie.count == (int(expected.sum()), 17 * 24)
        assert not ((desk.editing.fine > 0) & (desk.editing.coarse == 0)).any()


def test_a_stroke_is_told_once_and_a_mere_refresh_never() -> None:
    desk = Desk()
    desk.fine.refresh()
    assert desk.strokes == 0
    desk.do("paint", (10, 10), 0, 5)
    assert desk.strokes == 1
    desk.do("undo")
    assert desk.strokes == 2
    desk.fine.refresh()
    assert desk.strokes == 2


def test_a_mere_refresh_looks_at_no_artefact_and_a_change_that_nobody_announced_is_found() -> None:
    desk = Desk()
    desk.do("paint", (10, 10), 0, 5)
    told = len(desk.counts)
    desk.fine.refresh()
    desk.fine.visible = False
    desk.fine.visible = True
    assert len(desk.counts) == told
    desk.editing.fine[12, 12] = 0
    desk.fine.refresh()
    assert desk.tie.count[0] == int(((desk.editing.coarse > 0) & (desk.editing.fine == 0)).sum())
    assert len(desk.counts) > told


def test_numbers_are_told_while_the_brush_moves() -> None:
    desk = Desk()
    desk.do("paint", (10, 10), 0, 3)
    assert desk.counts[-1] == desk.tie.count
    assert desk.tie.count[0] > 0


@pytest.mark.parametrize("shown", [False])
def test_both_layers_show_the_same_in_a_viewer(make_napari_viewer: Callable[..., Any], shown: bool) -> None:
    viewer = make_napari_viewer(show=shown)
    desk = Desk()
    viewer.add_layer(desk.overlay)
    viewer.add_layer(desk.fine)
    desk.do("paint", (3, 4), 1, 9)  # half of the stamp lies outside the coarse mask
    desk.do("paint", (10, 10), 0, 9)
    for layer in (desk.fine, desk.overlay):
        assert np.array_equal(layer._slice.image.view, layer.data)
