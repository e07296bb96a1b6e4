from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qtpy.QtGui import QOpenGLContext
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget

from napari_unlearn.plugin.canvas_context import free_in_canvas


def test_a_layer_is_removed_in_the_context_of_the_canvas(make_napari_viewer: Callable[..., Any], qtbot: Any) -> None:
    viewer = make_napari_viewer(show=True)
    layer = viewer.add_image(np.zeros((8, 8)))
    window = viewer.window._qt_window
    canvas = window.centralWidget().findChild(QOpenGLWidget)
    qtbot.waitUntil(canvas.isValid, timeout=60_000)  # the first picture is drawn
    seen: list[object] = []
    viewer.layers.events.removed.connect(lambda event: seen.append(QOpenGLContext.currentContext()))
    free_in_canvas(viewer.layers, window.centralWidget())
    canvas.doneCurrent()
    assert QOpenGLContext.currentContext() is not canvas.context()
    viewer.layers.remove(layer)
    assert seen == [canvas.context()]


def test_where_there_is_no_canvas_layers_are_removed_as_ever(make_napari_viewer: Callable[..., Any]) -> None:
    viewer = make_napari_viewer()
    layer = viewer.add_image(np.zeros((8, 8)))
    free_in_canvas(viewer.layers, QWidget())
    viewer.layers.remove(layer)
    assert not viewer.layers
