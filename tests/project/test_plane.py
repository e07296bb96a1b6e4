from __future__ import annotations

import numpy as np

from napari_unlearn.project.delta import TILE
from napari_unlearn.project.plane import Plane


def test_only_what_was_touched_is_looked_at() -> None:
    plane = Plane(np.zeros((2 * TILE, 3 * TILE), np.uint8))
    plane.array[5, 5] = plane.array[TILE + 5, 2 * TILE + 5] = 1
    plane.touch((slice(0, 9), slice(0, 9)))
    delta = plane.settle()
    assert delta is not None
    assert delta.rectangle == (slice(5, 6), slice(5, 6))
    assert plane.settle() is None
    plane.touch()
    delta = plane.settle()
    assert delta is not None
    assert delta.rectangle == (slice(TILE + 5, TILE + 6), slice(2 * TILE + 5, 2 * TILE + 6))


def test_rectangles_over_the_edges_and_between_tiles_are_followed() -> None:
    plane = Plane(np.zeros((TILE + 10, TILE + 10), np.uint8))
    plane.array[TILE - 2 : TILE + 10, TILE - 2 : TILE + 10] = 3
    plane.touch((slice(TILE - 2, TILE + 40), slice(TILE - 2, TILE + 40)))
    delta = plane.settle()
    assert delta is not None
    assert delta.rectangle == (slice(TILE - 2, TILE + 10), slice(TILE - 2, TILE + 10))


def test_a_copy_is_without_the_stroke_under_way() -> None:
    plane = Plane(np.zeros((4, 4), np.uint8))
    plane.array[0] = 1
    plane.touch()
    plane.settle()
    plane.array[1] = 1
    plane.touch()
    mask, version = plane.copy()
    assert mask[:, 0].tolist() == [1, 0, 0, 0]
    assert version == 1
    assert plane.dirty


def test_it_is_dirty_until_the_present_version_is_written() -> None:
    plane = Plane(np.zeros((4, 4), np.uint8))
    assert not plane.dirty
    plane.array[0] = 1
    plane.touch()
    assert plane.dirty
    delta = plane.settle()
    assert delta is not None
    plane.written = plane.version
    assert not plane.dirty
    plane.flip(delta)
    assert not plane.array.any()
    assert plane.dirty


def test_it_is_at_rest_only_where_every_pixel_is_that_of_the_last_step() -> None:
    plane = Plane(np.zeros((5, 7), np.uint8))  # 35 pixels: not a whole number of words
    assert plane.at_rest
    for place in ((0, 0), (4, 6)):
        plane.array[place] = 1
        assert not plane.at_rest
        plane.array[place] = 0
        assert plane.at_rest
    plane.touch()
    assert not plane.at_rest
    plane.settle()
    assert plane.at_rest
