"""Keeps Python's search for garbage from stopping the window.

A full search looks at every object, half a million once torch is imported, and all threads wait for it. Imports bring
several about, and napari asks for one with each layer that is removed. What was imported is no garbage, so it is set
aside, where no search looks (`gc.freeze`). Objects that nobody refers to go at once all the same; only cycles need the
search, and those of layers are large: when a layer goes that was there before, everything is searched, as ever.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qtpy.QtCore import QObject, QTimer


@contextmanager
def no_search() -> Iterator[None]:
    """Search nothing meanwhile; what there is at the end counts as old, so that nobody searches all of it at once."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        if searching:
            gc.enable()


class SetAside(QObject):
    """Lets what was set aside be searched where that is worth it: with layers that were there, and at the end.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose layers may be large.
    parent : QObject
        With it, the end comes.
    """

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._there: set[object] = set()
        self._begun = False
        viewer.layers.events.removing.connect(self._on_removing)
        parent.destroyed.connect(_search_all)

    def begin(self) -> None:
        """Set aside what there is now, and remember the layers among it."""
        gc.freeze()
        self._begun = True
        self._there = {layer.unique_id for layer in self._viewer.layers}

    def _on_removing(self, event: Any) -> None:
        if self._begun and self._viewer.layers[event.index].unique_id in self._there:
            gc.unfreeze()  # napari searches next
            self._begun = False
            QTimer.singleShot(0, self.begin)


def _search_all() -> None:
    gc.unfreeze()
