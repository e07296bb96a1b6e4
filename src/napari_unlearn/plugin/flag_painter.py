"""A brush for one kind of artefact on a map of bit flags: pixels keep the flags of every other kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.artefacts import ALL_FLAGS
from napari_unlearn.plugin.painting import PaintWatch, Rectangle, repaint
from napari_unlearn.project.plane import Plane

Flags = NDArray[np.uint8]


class FlagPainter:
    """Ties the artefact map of the document to the layer that shows it.

    Parameters
    ----------
    plane : Plane
        The map in hand; the layer works on its array.
    layer : napari.layers.Labels
        Where the user paints.
    flag : int
        The kind that is painted.
    finished : callable
        Called when a stroke is complete and has changed something.
    """

    def __init__(self, plane: Plane, layer: Any, flag: int, finished: Callable[[], None]) -> None:
        self._plane, self._layer, self._finished = plane, layer, finished
        self.flag = flag
        self._kept = plane.array.copy()
        self._changed = False
        self._watch = PaintWatch(layer, self._on_changed, self._on_finished)

    def refresh(self, rectangle: Rectangle) -> None:
        """Catch up with a map that was changed from outside."""
        self._kept[rectangle] = self._plane.array[rectangle]
        repaint(self._layer, rectangle)

    def stop(self) -> None:
        """Let the layer go."""
        self._watch.stop()

    def _on_changed(self, rectangle: Rectangle | None) -> None:
        if rectangle is None:
            self._adopt_new_data()
        height, width = self._kept.shape
        area = rectangle or (slice(0, height), slice(0, width))
        painted, kept = self._plane.array[area], self._kept[area]
        meant = merged(kept, painted, self.flag)
        # A brush writes one value; what it means to pixels with several flags has to be shown.
        other = not np.array_equal(meant, painted)
        if not np.array_equal(meant, kept):
            self._changed = True
            self._kept[area] = meant
        painted[...] = meant
        self._plane.touch(rectangle)
        if other:
            repaint(self._layer, rectangle)

    def _on_finished(self) -> bool:
        changed, self._changed = self._changed, False
        if changed:
            self._finished()
        return changed

    def _adopt_new_data(self) -> None:
        # Somebody assigned another array to the layer: its content is taken over, its identity is not.
        data = self._layer.data
        if data is self._plane.array:
            return
        if data.shape == self._kept.shape:
            self._plane.array[...] = np.clip(data, 0, ALL_FLAGS)
        self._layer.data = self._plane.array


def merged(kept: Flags, painted: Flags, flag: int) -> Flags:
    """What painting one value over a map of flags means.

    Parameters
    ----------
    kept : ndarray of uint8, shape (h, w)
        The flags before.
    painted : ndarray of uint8, shape (h, w)
        The same after a brush wrote `flag` or 0 into some of it.
    flag : int
        The kind that is painted.

    Returns
    -------
    ndarray of uint8, shape (h, w)
        0 takes `flag` away and `flag` adds it, whatever else is there; other values stand as they are.
    """
    cleared, added = kept & ~np.uint8(flag), kept | np.uint8(flag)
    meant: Flags = np.where(painted == 0, cleared, np.where(painted == flag, added, painted & np.uint8(ALL_FLAGS)))
    return np.where(painted == kept, kept, meant)
