from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Labels

from napari_unlearn.data.artefacts import HAIR, INK, RULER
from napari_unlearn.plugin.flag_painter import FlagPainter, merged
from napari_unlearn.project.plane import Plane


@pytest.fixture
def strokes() -> list[np.ndarray]:
    return []


@pytest.fixture
def painted(strokes: list[np.ndarray]) -> tuple[FlagPainter, Plane, Any]:
    """A brush for hair on a map whose upper half is a ruler."""
    flags = np.zeros((40, 60), np.uint8)
    flags[:20] = RULER
    plane, layer = Plane(flags), Labels(flags)
    layer.brush_size = 4
    painter = FlagPainter(plane, layer, HAIR, lambda: strokes.append(plane.array.copy()))
    return painter, plane, layer


def test_what_a_brush_means_to_pixels_with_several_flags() -> None:
    kept = np.array([0, RULER, RULER | HAIR, HAIR, INK], np.uint8)
    assert merged(kept, np.full(5, HAIR, np.uint8), HAIR).tolist() == [
        HAIR, RULER | HAIR, RULER | HAIR, HAIR, INK | HAIR
    ]  # fmt: skip
    assert merged(kept, np.zeros(5, np.uint8), HAIR).tolist() == [0, RULER, RULER, 0, INK]
    assert merged(kept, kept, HAIR).tolist() == kept.tolist()
    assert merged(kept, np.full(5, 255, np.uint8), HAIR).max() == 127


def test_a_stroke_adds_and_removes_its_kind_and_no_other(
    painted: tuple[FlagPainter, Plane, Any], strokes: list[np.ndarray]
) -> None:
    _, plane, layer = painted
    layer.paint((19, 30), HAIR)
    assert plane.array[19, 30] == RULER | HAIR
    assert plane.array[20, 30] == HAIR
    assert len(strokes) == 1
    layer.paint((19, 30), 0)
    assert plane.array[19, 30] == RULER
    assert plane.array[20, 30] == 0
    assert len(strokes) == 2
    layer.paint((30, 10), 0)  # where nothing was
    assert len(strokes) == 2
    delta = plane.settle()
    assert delta is None  # it is as it was


def test_a_filled_area_loses_its_kind_at_once(
    painted: tuple[FlagPainter, Plane, Any], strokes: list[np.ndarray]
) -> None:
    _, plane, layer = painted
    layer.paint((35, 30), HAIR)
    layer.fill((35, 30), 0)
    assert not (plane.array & HAIR).any()
    assert (plane.array[:20] == RULER).all()
    assert len(strokes) == 2


def test_what_is_changed_from_outside_is_no_stroke(
    painted: tuple[FlagPainter, Plane, Any], strokes: list[np.ndarray]
) -> None:
    painter, plane, layer = painted
    plane.array[:5, :5] = INK
    painter.refresh((slice(0, 5), slice(0, 5)))
    assert strokes == []
    layer.paint((3, 3), HAIR)
    assert plane.array[3, 3] == INK | HAIR
    layer.data = np.full((40, 60), HAIR, np.uint8)
    assert layer.data is plane.array
    assert (plane.array[25:] == HAIR).all()
    painter.stop()
    before = len(strokes)
    layer.paint((10, 10), 0)
    assert len(strokes) == before
