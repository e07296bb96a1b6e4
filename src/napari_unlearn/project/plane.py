"""One mask of a case while it is edited: the array that is painted on, and the same array after the last whole step."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from napari_unlearn.project.delta import TILE, Delta, Mask, Rectangle, between, tiles


class Plane:
    """An array that somebody paints on, and what of it is known to be done.

    Parameters
    ----------
    array : ndarray of uint8, shape (H, W)
        Painted on in place; never replaced by another array.

    Attributes
    ----------
    version : int
        Counts the steps that were done.
    written : int
        The version that the mask file on disk holds.
    """

    def __init__(self, array: Mask) -> None:
        self.array = array
        self.version = 0
        self.written = 0
        self._done = array.copy()
        self._touched = np.zeros([-(-side // TILE) for side in array.shape], bool)
        self._lock = threading.Lock()  # the background copies what is done while the window goes on

    @property
    def dirty(self) -> bool:
        """Whether the mask file on disk may be older than the array."""
        return self.version != self.written or bool(self._touched.any())

    @property
    def at_rest(self) -> bool:
        """Whether the array is what it was after the last step, with nothing noted since."""
        return not self._touched.any() and _equal(self._done, self.array)

    def touch(self, rectangle: Rectangle | None = None) -> None:
        """Note that pixels of a rectangle, or any when None, may have been painted on."""
        if rectangle is None:
            self._touched[:] = True
            return
        rows, columns = (slice(max(side.start, 0) // TILE, max(-(-side.stop // TILE), 0)) for side in rectangle)
        self._touched[rows, columns] = True

    def settle(self) -> Delta | None:
        """Take what was painted since the last call as one step.

        Returns
        -------
        Delta or None
            The step; None where nothing has changed.
        """
        delta = between(self._done, self.array, self._areas())
        self._touched[:] = False
        if delta is not None:
            with self._lock:
                self._done[delta.rectangle] = self.array[delta.rectangle]
                self.version += 1
        return delta

    def flip(self, delta: Delta) -> None:
        """Undo or redo a step; whatever was painted must be settled before."""
        delta.apply(self.array)
        with self._lock:
            self._done[delta.rectangle] = self.array[delta.rectangle]
            self.version += 1

    def copy(self) -> tuple[Mask, int]:
        """What is done, without the stroke under way, and its version; safe in any thread."""
        with self._lock:
            return self._done.copy(), self.version

    def _areas(self) -> Iterator[Rectangle]:
        if self._touched.all():
            yield from tiles(self.array.shape)
            return
        height, width = self.array.shape
        for row, column in np.argwhere(self._touched).tolist():
            top, left = row * TILE, column * TILE
            yield slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width))


def _equal(one: Mask, other: Mask) -> bool:
    # Eight pixels at a time: the window waits for it.
    first, second = one.reshape(-1), other.reshape(-1)
    whole = len(first) // 8 * 8
    words = np.array_equal(first[:whole].view(np.uint64), second[:whole].view(np.uint64))
    return words and np.array_equal(first[whole:], second[whole:])
