"""Overlap of a predicted and a true mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class DiceTally:
    """Adds up the overlap of many cases.

    Two numbers answer two questions. `lesion` is the mean over cases of the Dice of lesion against background, whatever
    its class: is the outline right? `per_class` pools the pixels of all cases for each class: is the class right as
    well? A case in which neither mask has any lesion says nothing about the outline and is left out of the first.

    Parameters
    ----------
    classes : int
        Background included.
    """

    def __init__(self, classes: int) -> None:
        self._both = np.zeros(classes)
        self._sum = np.zeros(classes)
        self._cases: list[float] = []

    def add(self, predicted: NDArray[np.uint8], true: NDArray[np.uint8]) -> None:
        """Add a case.

        Parameters
        ----------
        predicted, true : ndarray of uint8, shape (H, W)
            Class ids.
        """
        for k in range(len(self._both)):
            p, t = predicted == k, true == k
            self._both[k] += 2 * np.count_nonzero(p & t)
            self._sum[k] += np.count_nonzero(p) + np.count_nonzero(t)
        p, t = predicted > 0, true > 0
        size = np.count_nonzero(p) + np.count_nonzero(t)
        if size:
            self._cases.append(2 * np.count_nonzero(p & t) / size)

    @property
    def lesion(self) -> float | None:
        """Mean over cases of the Dice of lesion against background; None if no case has a lesion."""
        return float(np.mean(self._cases)) if self._cases else None

    @property
    def per_class(self) -> list[float | None]:
        """Dice of each class over the pixels of all cases, background first; None for a class that never occurs."""
        return [float(b / s) if s else None for b, s in zip(self._both, self._sum, strict=True)]
