"""*File > Open Sample > Dermoscopy with a shortcut*: opens a copy of the shipped sample in the dock."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QTimer

from napari_unlearn.project.workspace import Workspace, sample_workspace

_EMPTY = "napari-unlearn: no layer"


def prepare() -> Workspace:
    """Copy the shipped sample to the user's own folder, unless it is there."""
    from napari_unlearn.data.sample import sample_folder

    return sample_workspace(sample_folder())


def open_sample() -> list[tuple[Any, ...]]:
    """Open the sample in the dock of the current viewer; the layers come through the dock.

    Returns
    -------
    list of tuple
        One layer of one pixel that nobody sees and that goes at once: napari 0.9 takes a sample without layers for a
        failure.
    """
    from napari_unlearn.plugin.widget import open_in

    viewer = napari.current_viewer()
    if viewer is None:
        return []
    open_in(viewer).controller.perform("open_sample")
    QTimer.singleShot(0, lambda: _remove_empty(viewer))
    return [(np.zeros((1, 1), np.uint8), {"visible": False, "metadata": {_EMPTY: True}}, "image")]


def _remove_empty(viewer: Any) -> None:
    for layer in [layer for layer in viewer.layers if _EMPTY in layer.metadata]:
        viewer.layers.remove(layer)
