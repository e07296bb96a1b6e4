from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_unlearn.plugin.lean_labels import lean_labels

TOOLS = ("polygon", "paint")  # with an overlay of their own


def drawn(layer: Any) -> set[str]:
    """Names of the overlays that napari draws."""
    return {name for name, overlay in layer._overlays.items() if overlay.visible}


def test_nothing_is_drawn_for_a_tool_before_it_is_taken_in_hand() -> None:
    layer = lean_labels(np.zeros((20, 30), np.uint8), name="mask", opacity=0.2)
    assert drawn(layer) == set()
    assert (layer.name, layer.opacity) == ("mask", 0.2)
    layer.mode = "erase"
    assert drawn(layer) == set()
    layer.mode = "polygon"
    assert drawn(layer) == {"polygon"}
    layer.mode = "pan_zoom"
    assert drawn(layer) == {"polygon"}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_draws_what_it_draws_on_any_layer_of_labels(make_napari_viewer: Callable[..., Any], tool: str) -> None:
    viewer = make_napari_viewer()
    usual, lean = viewer.add_labels(np.zeros((20, 30), np.uint8)), lean_labels(np.zeros((20, 30), np.uint8))
    viewer.layers.append(lean)
    visuals = viewer.window._qt_viewer.canvas._layer_overlay_to_visual
    wanted = {name for name, overlay in usual._overlays.items() if overlay in visuals[usual]}
    for layer in (usual, lean):
        layer.mode = tool
    enabled = {name for name, overlay in usual._overlays.items() if getattr(overlay, "enabled", False)}
    assert {name for name, overlay in lean._overlays.items() if overlay in visuals[lean]} == wanted & enabled


def test_a_polygon_can_be_drawn_and_filled(make_napari_viewer: Callable[..., Any]) -> None:
    viewer = make_napari_viewer()
    layer = lean_labels(np.zeros((20, 30), np.uint8))
    viewer.layers.append(layer)
    layer.mode = "polygon"
    overlay = layer._overlays["polygon"]
    overlay.points = [[4, 4], [4, 12], [12, 12], [12, 4]]
    overlay.add_polygon_to_labels(layer)
    assert layer.data[8, 8] == layer.selected_label
    assert layer.data[16, 20] == 0
