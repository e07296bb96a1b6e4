"""Overlap of a predicted and a true mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def confusion(predicted: NDArray[np.uint8], true: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    """Count the pixels of every pair of predicted and true class.

    Parameters
    ----------
    predicted, true : ndarray of uint8, shape (H, W)
        Class ids.
    classes : int
        Background included.

    Returns
    -------
    ndarray of int64, shape (K + 1, K + 1)
        Rows are predicted classes.
    """
    pairs = predicted.reshape(-1).astype(np.intp) * classes + true.reshape(-1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


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
        self.add_table(confusion(predicted, true, len(self._both)))

    def add_table(self, table: NDArray[np.int64]) -> None:
        """Add a case of which the pixels were counted already.

        Parameters
        ----------
        table : ndarray of int64, shape (K + 1, K + 1)
            From `confusion`.
        """
        self._both += 2 * table.diagonal()
        self._sum += table.sum(axis=0) + table.sum(axis=1)
        size = 2 * table[1:, 1:].sum() + table[1:, 0].sum() + table[0, 1:].sum()
        self._cases.append(float(2 * table[1:, 1:].sum() / size) if size else float("nan"))

    @property
    def lesion(self) -> float | None:
        """Mean over cases of the Dice of lesion against background; None if no case has a lesion."""
        known = self.of_cases[~np.isnan(self.of_cases)]
        return float(known.mean()) if known.size else None

    @property
    def of_cases(self) -> NDArray[np.float64]:
        """Dice of lesion against background of each case, in the order they were added; NaN without any lesion."""
        return np.array(self._cases, np.float64)

    @property
    def per_class(self) -> list[float | None]:
        """Dice of each class over the pixels of all cases, background first; None for a class that never occurs."""
        return [float(b / s) if s else None for b, s in zip(self._both, self._sum, strict=True)]
