"""One number with what is needed for its interval: resampled, without each image, and with the artefacts shuffled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.special import ndtr, ndtri

from napari_unlearn.leakage.bootstrap import Weights
from napari_unlearn.leakage.information import FloatArray
from napari_unlearn.leakage.jackknife import variance

Interval = Literal["studentised", "basic", "bca"]
"""``studentised`` draws how many standard errors the estimate may be off; ``basic`` takes the resampled errors off the
estimate; ``bca`` corrects percentiles for bias and acceleration."""

CONFIDENCE = 0.95

FEW_SHUFFLES = 20
"""With fewer shuffles the spread of chance is not known well enough to use it."""

CLEAR = 2.0
"""What the jackknife finds beyond chance counts from so many standard deviations of its own on. Anything that is above
0 by accident would count otherwise, and nothing that is below, so that intervals would be too wide where there is
nothing to find."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """An estimate and its replicates.

    Replicates may come from a part of the pixels, since neighbours tell nearly the same: only how they spread counts.

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
        `part` and `part_without` with artefact maps shuffled among images, shape (shuffles,) and (some of these
        shuffles, N).
    weights
        How often each image was drawn, shape (resamples, N); a studentised interval needs them.
    """

    estimate: float
    drawn: FloatArray
    without: FloatArray
    part: float
    part_without: FloatArray
    chance: FloatArray
    chance_without: FloatArray
    weights: Weights | None = None

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
            self.weights,
        )

    def variance(self) -> float:
        """Return the variance of the estimate under repeated sampling of images.

        The jackknife sees the part that is linear in the images, but takes the noise of the logarithms of counts for
        signal: near independence, where nothing is linear, it finds twice the true variance. How much it finds in
        shuffled data and how far shuffled estimates really scatter is known. What it finds beyond that, if it is more
        than `CLEAR` standard deviations, is added to how far they scatter.
        """
        jackknife, of_part = float(variance(self.without)), float(variance(self.part_without))
        if self.chance.size < FEW_SHUFFLES or of_part == 0:
            return jackknife
        found, real = variance(self.chance_without), float(self.chance.var())
        beyond = of_part - float(found.mean())
        return jackknife * (real + (beyond if beyond > CLEAR * found.std() else 0.0)) / of_part

    def interval(self, kind: Interval = "basic") -> tuple[float, float]:
        """Return the 95 % interval.

        Parameters
        ----------
        kind
            ``studentised``: the error of a mean of what each image adds (its influence, from `without`), in standard
            errors that are computed anew in each resampled set, times the root of `variance` is taken off the estimate
            (Davison and Hinkley, 1997, section 5.2). ``basic``: the errors of the resampled numbers around their mean,
            with their variance brought to `variance`, are taken off the estimate (the same). ``bca``: percentiles of
            the estimate plus these errors, their levels corrected (Efron, 1987).

        Returns
        -------
        tuple of float
            Low and high, widened where needed to hold the estimate.

        Raises
        ------
        ValueError
            ``studentised`` without `weights`.
        """
        errors = self._studentised() if kind == "studentised" else self.drawn - self.drawn.mean()
        if not errors.any():
            return self.estimate, self.estimate
        spread = 1.0 if kind == "studentised" else float(errors.std())
        errors *= np.sqrt(self.variance()) / spread
        tails = np.array([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        if kind == "bca":
            low, high = self.estimate + np.quantile(errors, self._corrected(tails, errors))
        else:
            high, low = self.estimate - np.quantile(errors, tails)
        return min(float(low), self.estimate), max(float(high), self.estimate)

    def _studentised(self) -> FloatArray:
        """Return the error of each resampled mean of influences, in its own standard errors."""
        if self.weights is None:
            raise ValueError("A studentised interval needs to know how often each image was drawn.")
        influence = (self.without.mean() - self.without).astype(np.float32)
        scale = np.abs(influence).max(initial=0)
        if scale == 0:
            return np.zeros(len(self.weights))
        influence /= scale
        images = self.without.size
        mean = (self.weights @ influence) / images
        spread = (self.weights @ influence**2) / images - mean**2
        # A set of images that are all alike tells nothing about its error.
        known = spread > 1e-9
        return np.asarray(mean[known] / np.sqrt(spread[known] / images), np.float64)

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
