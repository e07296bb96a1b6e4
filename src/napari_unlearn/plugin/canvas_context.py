"""Keeps the window alive when a layer is removed.

napari frees what a removed layer has on the graphics card at once, whichever OpenGL context is current then. Between
two pictures that is Qt's, not the canvas's; with some drivers (Mesa) the next picture is then drawn with a program that
is gone, and the process dies. Layers of points with text did so every time where nothing but an image was left to draw.
So the context of the canvas is made current first; compare napari issues 6472 and 8471.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget


def free_in_canvas(layers: Any, around: QWidget) -> None:
    """From now on, let what removed layers leave behind be freed in the context that draws them.

    Parameters
    ----------
    layers : napari.components.LayerList
        The layers.
    around : QWidget
        Holds the canvas that draws them.
    """

    def make_current(event: object) -> None:
        try:
            canvas = around.findChild(QOpenGLWidget)
            if canvas is not None:
                canvas.makeCurrent()
        except RuntimeError:
            pass  # the window has been closed and Qt has deleted the canvas with all that it held

    layers.events.removing.connect(make_current)
