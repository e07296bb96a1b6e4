"""Whether a model is collapsing: one watch for the operators that promise nothing and for whoever runs them.

Three signs are looked for on what is kept. Dice of lesion against background falls. A class nearly vanishes, or one
swallows all others, which that Dice cannot see when one kind of lesion eats the other. Class scores run away, as they
do when something is pushed without bound or drowned in noise.

Every sign is measured against the best seen so far, so that weights that learn from nothing are never taken for
collapsing ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.protocol import FloatArray, Problem

LARGEST_DROP = 0.01
"""Of retain Dice below the best one so far, for an operator that stops before any harm is done: one point."""

SMALLEST_AREA = 0.1
"""A class that is predicted on a smaller share of its reference area has vanished."""

SMALLEST_DICE = 0.5
"""Share of the best retain Dice below which it has collapsed however small it was."""

LARGEST_GROWTH = 100.0
"""How many times the largest class score may grow, from at least `_USUAL_SCORE`, before it counts as run away."""

_USUAL_SCORE = 10.0
_PIXELS = 8192
_DRAWS = 4
_FEWEST = 20  # of a class's reference pixels, below which a share of them says nothing


@dataclass(frozen=True, eq=False)
class Vitals:
    """What is measured of weights.

    Attributes
    ----------
    dice : float
        Of lesion against background on the retain set.
    areas : ndarray of float64, shape (K + 1,)
        Predicted over reference area of each class on a fixed draw of the retain set, at most 1; nan where the draw
        shows too little of the class.
    largest_score : float
        Largest absolute class score on that draw.
    """

    dice: float
    areas: FloatArray
    largest_score: float


class CollapseWatch:
    """Keeps weights as long as they show no sign of collapse.

    Parameters
    ----------
    problem : Problem
        Measures the Dice and gives retained pixels. They are drawn from a stream of their own, so that watching
        changes no draw of the operator.
    start : ndarray of float64
        Good by definition.
    largest_drop : float
        How far below the best the Dice may lie, but never below half of it; 1 turns the watch off, and all finite
        weights are kept.
    names : sequence of str
        Classes, for a person; their numbers are told where there is none.

    Attributes
    ----------
    weights : ndarray of float64
        The last weights that were accepted.
    dice : float
        Retain Dice of the weights that were offered last; of `start` before that.
    cause : str or None
        Why weights were refused last, as a clause.
    """

    def __init__(
        self, problem: Problem, start: FloatArray, largest_drop: float = LARGEST_DROP, names: Sequence[str] = ()
    ) -> None:
        self._problem, self._largest_drop, self._names = problem, largest_drop, names
        self._sample = _draw(problem) if largest_drop < 1 else []
        self._best = self._measure(start)
        self._score_limit = LARGEST_GROWTH * max(self._best.largest_score, _USUAL_SCORE)
        self.weights, self.dice = start, self._best.dice
        self.cause: str | None = None

    def accept(self, weights: FloatArray) -> bool:
        """Keep the weights, unless they show a sign of collapse.

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
            self.dice, self.cause = 0.0, "its weights are no longer finite numbers"
            return False
        found, best = self._measure(weights), self._best
        self.dice = found.dice
        signs = self._signs(found)
        if signs and self._largest_drop < 1:
            self.cause = " and ".join(signs)
            return False
        self._best = Vitals(max(best.dice, found.dice), np.fmax(best.areas, found.areas), found.largest_score)
        self.weights = weights
        return True

    def _signs(self, found: Vitals) -> list[str]:
        signs, best = [], self._best
        judged = ~np.isnan(found.areas)
        gone = judged & (found.areas < SMALLEST_AREA)
        if (gone & (best.areas >= SMALLEST_AREA)).any():
            left = np.flatnonzero(judged & ~gone)
            if len(left) == 1 and judged.sum() > 1:
                signs.append(f"it calls nearly everything {self._name(left[0])}")
            else:
                lost = [f"{self._name(k)} on {found.areas[k]:.0%}" for k in np.flatnonzero(gone)]
                signs.append(f"of what is kept it finds {' and '.join(lost)} of its area")
        if found.largest_score > self._score_limit:
            signs.append(f"its largest class score ran away to {found.largest_score:.3g}")
        # Where background counts far more than lesions, the Dice of a good model is small.
        if found.dice < max(best.dice - self._largest_drop, SMALLEST_DICE * best.dice):
            signs.append(f"Dice on what is kept fell from {best.dice:.2f} to {found.dice:.2f}")
        return signs

    def _name(self, k: np.intp) -> str:
        return self._names[int(k)] if self._names else f"class {k}"

    def _measure(self, weights: FloatArray) -> Vitals:
        predicted, reference = np.zeros((2, self._problem.classes))
        largest = 0.0
        for inputs, labels in self._sample:
            with torch.no_grad():
                scores = self._problem.scores(torch.from_numpy(weights), inputs)
            known = labels != IGNORE
            largest = max(largest, float(scores.abs().max()))
            predicted += _counts(scores.argmax(1)[known], self._problem.classes)
            reference += _counts(labels[known], self._problem.classes)
        shown = reference >= _FEWEST
        areas = np.full(self._problem.classes, np.nan)
        areas[shown] = np.minimum(predicted[shown] / reference[shown], 1)
        return Vitals(self._problem.retain_dice(weights), areas, largest)


def _draw(problem: Problem) -> list[tuple[Tensor, Tensor]]:
    """Draw retained pixels until every class is shown, within reason."""
    rng = np.random.default_rng(0)
    drawn: list[tuple[Tensor, Tensor]] = []
    shown = np.zeros(problem.classes)
    while len(problem.retain) and len(drawn) < _DRAWS and shown.min() < _FEWEST:
        inputs, labels = problem.retain.draw(_PIXELS, rng)
        drawn.append((inputs, labels))
        shown += _counts(labels[labels != IGNORE], problem.classes)
    return drawn


def _counts(labels: Tensor, classes: int) -> NDArray[np.int64]:
    return np.bincount(labels.numpy().ravel(), minlength=classes)[:classes]
