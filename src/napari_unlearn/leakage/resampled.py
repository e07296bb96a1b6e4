"""One number with what is needed for its interval: resampled, without each image, and with the artefacts shuffled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.special import ndtr, ndtri

from napari_unlearn.leakage.information import FloatArray
from napari_unlearn.leakage.jackknife import variance

Interval = Literal["basic", "bca"]
"""``basic`` takes the resampled errors off the estimate; ``bca`` corrects percentiles for bias and acceleration."""

CONFIDENCE = 0.95

FEW_SHUFFLES = 20
"""With fewer shuffles the spread of chance is not known well enough to use it."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """An estimate and its replicates.

    Attributes
    ----------
    estimate
        The number itself.
    drawn
        The number from each resampled set of images, shape (resamples,). Only its shape and width count, not its
        place: resampling adds a bias of its own.
    without
        The number without each image, shape (N,).
    part, part_without
        The same as `estimate` and `without`, on the pixels that shuffles are made on; shape () and (N,).
    chance, chance_without
        `part` and `part_without` with artefact maps shuffled among images, shape (shuffles,) and (shuffles, N).
    """

    estimate: float
    drawn: FloatArray
    without: FloatArray
    part: float
    part_without: FloatArray
    chance: FloatArray
    chance_without: FloatArray

    def __sub__(self, other: Resampled) -> Resampled:
        """Return the difference of two numbers from the same images, draws and shuffles."""
        return Resampled(
            self.estimate - other.estimate,
            self.drawn - other.drawn,
            self.without - other.without,
            self.part - other.part,
            self.part_without - other.part_without,
            self.chance - other.chance,
            self.chance_without - other.chance_without,
        )

    def variance(self) -> float:
        """Return the variance of the estimate under repeated sampling of images.

        The jackknife sees the part that is linear in the images, but takes the noise of the logarithms of counts for
        signal: near independence, where nothing is linear, it finds twice the true variance. How much it finds in
        shuffled data and how far shuffled estimates really scatter is known, and the difference is taken off.
        """
        jackknife, of_part = float(variance(self.without)), float(variance(self.part_without))
        if self.chance.size < FEW_SHUFFLES or of_part == 0:
            return jackknife
        found, real = float(variance(self.chance_without).mean()), float(self.chance.var())
        return jackknife * max(of_part - found + real, real) / of_part

    def interval(self, kind: Interval = "basic") -> tuple[float, float]:
        """Return the 95 % interval.

        Parameters
        ----------
        kind
            ``basic``: the errors of the resampled numbers around their mean, with their variance brought to
            `variance`, are taken off the estimate (Davison and Hinkley, 1997, section 5.2). ``bca``: percentiles of
            the estimate plus these errors, their levels corrected (Efron, 1987).

        Returns
        -------
        tuple of float
            Low and high, widened where needed to hold the estimate.
        """
        errors = self.drawn - self.drawn.mean()
        spread = float(errors.std())
        if spread == 0:
            return self.estimate, self.estimate
        errors *= np.sqrt(self.variance()) / spread
        tails = np.array([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        if kind == "basic":
            high, low = self.estimate - np.quantile(errors, tails)
        else:
            low, high = self.estimate + np.quantile(errors, self._corrected(tails, errors))
        return min(float(low), self.estimate), max(float(high), self.estimate)

    def _corrected(self, levels: FloatArray, errors: FloatArray) -> FloatArray:
        below = np.clip((errors < 0).mean(), 1 / (errors.size + 1), errors.size / (errors.size + 1))
        influence = self.without.mean() - self.without
        squares = float((influence**2).sum())
        acceleration = float((influence**3).sum()) / (6 * squares**1.5) if squares else 0.0
        shift = ndtri(below)
        scores = shift + ndtri(levels)
        return np.asarray(ndtr(shift + scores / (1 - acceleration * scores)), np.float64)


def check_interval(kind: str) -> None:
    """Refuse a kind of interval that is not known.

    Raises
    ------
    ValueError
        It is not one of `Interval`.
    """
    if kind not in get_args(Interval):
        raise ValueError(f"The interval must be one of {', '.join(get_args(Interval))}, but it is {kind!r}.")
