"""Areas under the ROC curve with the uncertainty that comes from which cases were at hand.

An AUROC is a mean over pairs of a positive and a negative case. What each case adds to it is its placement: for a
positive case, the share of negative ones that score below it. The variance of the area follows from how placements
scatter (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988, equations 4 to 8), and since two models on the same
cases have placements of the same cases, so does the variance of the difference of their areas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtri
from scipy.stats import rankdata

from napari_unlearn.evaluation.interval import Measured

Z = float(ndtri(0.975))


@dataclass(frozen=True, eq=False)
class Placements:
    """An area, or a difference of areas, and what each case adds to it.

    Attributes
    ----------
    value : float
        The number.
    positive, negative : ndarray of float64, shape (M,) and (N,)
        Placements of the cases with the diagnosis and of those without; the mean of either is `value`.
    area : bool
        Whether this is an area between 0 and 1, and not a difference.
    """

    value: float
    positive: NDArray[np.float64]
    negative: NDArray[np.float64]
    area: bool = True

    def __sub__(self, other: Placements) -> Placements:
        """Return the difference of two models on the same cases."""
        return Placements(
            self.value - other.value, self.positive - other.positive, self.negative - other.negative, False
        )

    @property
    def cases(self) -> int:
        """How many there are."""
        return self.positive.size + self.negative.size

    @property
    def variance(self) -> float | None:
        """Return the variance of `value`; None with a single case of either kind."""
        if min(self.positive.size, self.negative.size) < 2:
            return None
        return float(self.positive.var(ddof=1) / self.positive.size + self.negative.var(ddof=1) / self.negative.size)

    def measured(self) -> Measured:
        """Return the number with its 95 % interval.

        That of an area is made on the scale of its logarithmic odds, where it is closer to normal (Pepe, 2003, section
        5.2.5). Where all placements are alike, as when no case is on the wrong side, they tell nothing about the
        variance; there the score interval of Newcombe (Statistics in Medicine 25, 2006, method 5) takes over.
        """
        variance = self.variance
        if variance is None:
            return Measured(self.value, None, None, self.cases)
        half = Z * variance**0.5
        if not self.area:
            low, high = max(-1.0, self.value - half), min(1.0, self.value + half)
        elif variance == 0 or self.value in (0, 1):
            low, high = score_interval(self.value, self.positive.size, self.negative.size)
        else:
            half /= self.value * (1 - self.value)
            low, high = expit(logit(self.value) - half), expit(logit(self.value) + half)
        return Measured(self.value, float(low), float(high), self.cases)


def placements(scores: Sequence[float], positive: Sequence[bool]) -> Placements | None:
    """Compute the AUROC and what each case adds to it.

    Parameters
    ----------
    scores : sequence of float
        One a case.
    positive : sequence of bool
        Whether the case has the diagnosis.

    Returns
    -------
    Placements or None
        None if one of the groups is empty.

    Examples
    --------
    >>> placements([0.1, 0.4, 0.35, 0.8], [False, False, True, True]).value
    0.75
    """
    values, truth = np.asarray(scores, float), np.asarray(positive, bool)
    if truth.all() or not truth.any():
        return None
    # Midranks count a tie as half (Sun and Xu, 2014), in time that does not grow with the number of pairs.
    ranks, ours, theirs = rankdata(values), rankdata(values[truth]), rankdata(values[~truth])
    above = (ranks[truth] - ours) / theirs.size
    below = 1 - (ranks[~truth] - theirs) / ours.size
    return Placements(float(above.mean()), above, below)


def independent_difference(first: Placements, second: Placements) -> Measured:
    """Compare one model on two sets of cases that have none in common.

    Parameters
    ----------
    first, second : Placements
        The areas, or the differences of two models, on each set.

    Returns
    -------
    Measured
        First minus second; without an interval where one of the variances is not known.
    """
    value, cases = first.value - second.value, first.cases + second.cases
    if first.variance is None or second.variance is None:
        return Measured(value, None, None, cases)
    half = Z * (first.variance + second.variance) ** 0.5
    reach = 1.0 if first.area else 2.0
    return Measured(value, max(-reach, value - half), min(reach, value + half), cases)


def score_interval(area: float, positives: int, negatives: int) -> tuple[float, float]:
    """Find the areas that are not too far from the measured one, by the variance that they themselves imply.

    Parameters
    ----------
    area : float
        Measured, between 0 and 1.
    positives, negatives : int
        Cases with and without the diagnosis.

    Returns
    -------
    tuple of float
        Low and high.
    """

    def beyond(true: float) -> float:
        more = (positives + negatives) / 2 - 1
        spread = true * (1 - true) * (1 + more * ((1 - true) / (2 - true) + true / (1 + true)))
        return (true - area) ** 2 - Z**2 * spread / (positives * negatives)

    low = 0.0 if area == 0 else float(brentq(beyond, 1e-12, min(area, 1 - 1e-9)))
    high = 1.0 if area == 1 else float(brentq(beyond, max(area, 1e-9), 1 - 1e-12))
    return low, high
