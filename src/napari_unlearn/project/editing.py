"""The fine mask while it is being brushed: an array, where a label may stand, and whether disk knows it all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.project.delta import Delta, Mask, Rectangle
from napari_unlearn.project.plane import Plane


@dataclass
class FineMask:
    """The editable fine mask of one case.

    Attributes
    ----------
    case_id : str
        The case it belongs to.
    coarse : ndarray of uint8, shape (H, W)
        Class ids of the coarse mask; never changed.
    fine : ndarray of uint8, shape (H, W)
        Class ids of the fine mask; changed in place by whoever paints.
    allowed : ndarray of bool, shape (H, W)
        Where a label may stand: inside the coarse mask, and where the mask on disk already had one. The second part
        keeps a fine pixel that somebody drew outside the coarse mask until the user decides about it.
    kept_inside : bool
        Whether the coarse mask is where new labels have to stay.
    class_id : int
        The label a restoring brush paints: the class that fills most of the coarse mask, 1 where it is empty.
    outside : int
        Number of fine pixels that lie outside the coarse mask, after the last whole step.
    plane : Plane
        The fine mask with what of it is done, and what is on disk.
    settled : list of Delta
        Steps that are done and that the document has not taken yet.
    """

    case_id: str
    coarse: Mask
    fine: Mask
    allowed: NDArray[np.bool_] = field(init=False)
    kept_inside: bool = field(init=False, default=True)
    class_id: int = field(init=False)
    outside: int = field(init=False)
    plane: Plane = field(init=False)
    settled: list[Delta] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.fine = np.ascontiguousarray(self.fine, dtype=np.uint8)
        # Whatever needs a look at all pixels is done here: a large mask is read in the background.
        self.allowed = (self.coarse > 0) | (self.fine > 0)
        self.class_id = _main_class(self.coarse)
        self.outside = self._count_outside()
        self.plane = Plane(self.fine)

    @property
    def dirty(self) -> bool:
        """True while the array holds something that the mask file on disk does not."""
        return self.plane.dirty or bool(self.settled)

    def touch(self, rectangle: Rectangle | None = None) -> None:
        """Note that a rectangle, or anything when None, was painted on."""
        self.plane.touch(rectangle)

    def settle(self) -> bool:
        """Call what was painted since the last call one step; False where nothing has changed."""
        delta = self.plane.settle()
        if delta is not None:
            self.settled.append(delta)
            self._recount(delta)
        return delta is not None

    def let_go(self) -> bool:
        """Forget what was painted as a step, because nobody may write it down; False where nothing was painted."""
        self.settle()
        painted = bool(self.settled)
        self.settled.clear()
        return painted

    def flip(self, delta: Delta) -> None:
        """Undo or redo a step. What was allowed then is allowed again."""
        self.plane.flip(delta)
        self._recount(delta)
        self.allowed[delta.rectangle] |= self.fine[delta.rectangle] > 0

    def keep_inside(self, inside: bool) -> None:
        """Let new labels stand inside the coarse mask only, or anywhere; what is outside stays."""
        if inside:
            np.logical_or(self.coarse, self.fine, out=self.allowed)
        else:
            self.allowed[...] = True
        self.kept_inside = inside

    def clip(self, rectangle: Rectangle) -> bool:
        """Remove labels that a brush left where none is allowed; True when there was one.

        Parameters
        ----------
        rectangle : tuple of two slices
            Rows and columns to look at.

        Returns
        -------
        bool
        """
        stray = (self.fine[rectangle] > 0) & ~self.allowed[rectangle]
        found = bool(stray.any())
        if found:
            self.fine[rectangle][stray] = 0
        return found

    def trim_outside(self) -> int:
        """Remove every fine pixel outside the coarse mask, and return how many there were."""
        stray = (self.fine > 0) & (self.coarse == 0)
        self.fine[stray] = 0
        self.allowed = self.coarse > 0
        count = int(np.count_nonzero(stray))
        if count:
            self.touch()
        return count

    def _count_outside(self) -> int:
        return int(np.count_nonzero((self.fine > 0) & (self.coarse == 0)))

    def _recount(self, delta: Delta) -> None:
        for rectangle, change in delta.patches(self.fine.shape):
            after, stray = self.fine[rectangle], self.coarse[rectangle] == 0
            before = after ^ change
            self.outside += int(np.count_nonzero(stray & (after > 0))) - int(np.count_nonzero(stray & (before > 0)))


def _main_class(coarse: Mask) -> int:
    counts = np.zeros(256, np.int64)
    for row in range(0, len(coarse), 256):  # counting turns every pixel into eight bytes
        counts += np.bincount(coarse[row : row + 256].ravel(), minlength=256)
    return int(counts[1:].argmax()) + 1
