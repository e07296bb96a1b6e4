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
    plane : Plane
        The fine mask with what of it is done, and what is on disk.
    settled : list of Delta
        Steps that are done and that the document has not taken yet.
    """

    case_id: str
    coarse: Mask
    fine: Mask
    allowed: NDArray[np.bool_] = field(init=False)
    plane: Plane = field(init=False)
    settled: list[Delta] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.fine = np.ascontiguousarray(self.fine, dtype=np.uint8)
        self.allowed = (self.coarse > 0) | (self.fine > 0)
        self.plane = Plane(self.fine)

    @property
    def dirty(self) -> bool:
        """True while the array holds something that the mask file on disk does not."""
        return self.plane.dirty or bool(self.settled)

    @property
    def outside(self) -> int:
        """Number of fine pixels that lie outside the coarse mask."""
        return int(np.count_nonzero((self.fine > 0) & (self.coarse == 0)))

    def touch(self, rectangle: Rectangle | None = None) -> None:
        """Note that a rectangle, or anything when None, was painted on."""
        self.plane.touch(rectangle)

    def settle(self) -> bool:
        """Call what was painted since the last call one step; False where nothing has changed."""
        delta = self.plane.settle()
        if delta is not None:
            self.settled.append(delta)
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
        self.allowed[delta.rectangle] |= self.fine[delta.rectangle] > 0

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

    @property
    def class_id(self) -> int:
        """The label a restoring brush paints: the class that fills most of the coarse mask, 1 where it is empty."""
        counts = np.bincount(self.coarse.ravel(), minlength=2)
        return int(counts[1:].argmax()) + 1
