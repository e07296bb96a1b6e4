"""The fine mask while it is being brushed: an array, where a label may stand, and whether disk knows it all."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Rectangle = tuple[slice, slice]


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
    dirty : bool
        True while the array holds something that disk does not.
    """

    case_id: str
    coarse: Mask
    fine: Mask
    dirty: bool = False
    allowed: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.fine = np.ascontiguousarray(self.fine, dtype=np.uint8)
        self.allowed = (self.coarse > 0) | (self.fine > 0)

    @property
    def outside(self) -> int:
        """Number of fine pixels that lie outside the coarse mask."""
        return int(np.count_nonzero((self.fine > 0) & (self.coarse == 0)))

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
        self.dirty = self.dirty or count > 0
        return count

    @property
    def class_id(self) -> int:
        """The label a restoring brush paints: the class that fills most of the coarse mask, 1 where it is empty."""
        counts = np.bincount(self.coarse.ravel(), minlength=2)
        return int(counts[1:].argmax()) + 1
