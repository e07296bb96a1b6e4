"""The last weights under which the retain set did not suffer, for operators that promise nothing and so must watch."""

from __future__ import annotations

import numpy as np

from napari_unlearn.operators.protocol import FloatArray, Problem

LARGEST_DROP = 0.01
"""Of retain Dice below the best one so far: one point."""


class LastGood:
    """Keeps weights as long as the retain Dice stays close to the best one.

    Parameters
    ----------
    problem : Problem
        Measures the Dice.
    start : ndarray of float64
        Good by definition.
    largest_drop : float
        How far below the best the Dice may lie; 1 never refuses a number.

    Attributes
    ----------
    weights : ndarray of float64
        The last weights that were accepted.
    dice : float
        Retain Dice of the weights that were offered last; of `start` before that.
    """

    def __init__(self, problem: Problem, start: FloatArray, largest_drop: float = LARGEST_DROP) -> None:
        self._problem = problem
        self._largest_drop = largest_drop
        self.weights = start
        self.dice = self._best = problem.retain_dice(start)

    def accept(self, weights: FloatArray) -> bool:
        """Keep the weights, unless they are not finite or the retain set suffers.

        Parameters
        ----------
        weights : ndarray of float64
            Of the shape of `start`.

        Returns
        -------
        bool
            Whether they were kept.
        """
        if not np.isfinite(weights).all():
            self.dice = 0.0
            return False
        self.dice = self._problem.retain_dice(weights)
        if self.dice < self._best - self._largest_drop:
            return False
        self._best, self.weights = max(self._best, self.dice), weights
        return True
