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
    growth
        How much the variance grows with the number, in its unit; None to find it in the replicates.
    """

    estimate: float
    drawn: FloatArray
    without: FloatArray
    part: float
    part_without: FloatArray
    chance: FloatArray
    chance_without: FloatArray
    weights: Weights | None = None
    growth: float | None = None

    def __sub__(self, other: Resampled) -> Resampled:
        """Return the difference of two numbers from the same images, draws and shuffles."""
        without = self.without - other.without
        growths = [of.growth_with_number() * _correlation(of.without, without) ** 2 for of in (self, other)]
        return Resampled(
            self.estimate - other.estimate,
            self.drawn - other.drawn,
            without,
            self.part - other.part,
            self.part_without - other.part_without,
            self.chance - other.chance,
            self.chance_without - other.chance_without,
            self.weights,
            growths[0] - growths[1],
        )

    def variance(self) -> float:
        """Return the variance of the estimate under repeated sampling of images.

        The jackknife sees the part that is linear in the images, but takes the noise of the logarithms of counts for
        signal: near independence, where nothing is linear, it finds twice the true variance. How much it finds in
        shuffled data and how far shuffled estimates really scatter is known. What it finds beyond that, if it is more
        than `CLEAR` standard deviations, is added to how far they scatter.
        """
        return sum(self._variances())

    def growth_with_number(self) -> float:
        """Return how much the variance grows with the number.

        Information is about the square of how far artefact and class are from unrelated, and that distance is known
        equally well however large it is. So what is not chance in the variance is in proportion to the number.
        """
        if self.growth is not None:
            return self.growth
        return self._variances()[1] / self.estimate if self.estimate > 0 else 0.0

    def _variances(self) -> tuple[float, float]:
        """Return the variance by chance alone, and what comes on top of it."""
        jackknife, of_part = float(variance(self.without)), float(variance(self.part_without))
        if self.chance.size < FEW_SHUFFLES or of_part == 0:
            return jackknife, 0.0
        found, real = variance(self.chance_without), float(self.chance.var())
        beyond = of_part - float(found.mean())
        scale = jackknife / of_part
        return scale * real, scale * beyond if beyond > CLEAR * found.std() else 0.0

    def interval(self, kind: Interval = "basic") -> tuple[float, float]:
        """Return the 95 % interval.

        Parameters
        ----------
        kind
            ``studentised``: the error of a mean of what each image adds (its influence, from `without`), in standard
            errors that are computed anew in each resampled set, times the root of `variance` is taken off the estimate
            (Davison and Hinkley, 1997, section 5.2), on the scale on which the variance stays the same if it grows
            with the number as `growth_with_number` says. ``basic``: the errors of the resampled numbers around their
            mean, with their variance brought to `variance`, are taken off the estimate (the same). ``bca``: percentiles
            of the estimate plus these errors, their levels corrected (Efron, 1987).

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
        tails = np.array([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        if kind == "studentised":
            # As many of R draws are above the k-th largest as would be of further ones, on average, if it stands for
            # the level k / (R + 1).
            high, low = self._off(np.quantile(errors, tails, method="weibull"))
        else:
            errors *= np.sqrt(self.variance()) / float(errors.std())
            if kind == "bca":
                low, high = self.estimate + np.quantile(errors, self._corrected(tails, errors))
            else:
                high, low = self.estimate - np.quantile(errors, tails)
        return min(float(low), self.estimate), max(float(high), self.estimate)

    def _off(self, errors: FloatArray) -> FloatArray:
        """Take so many standard errors off the estimate.

        With the variance a + b x of a number x, 2 sqrt(a + b x) / b has the variance 1. Going t down from the estimate
        on that scale and back is to take off t standard errors, less b t^2 / 4.
        """
        growth, spread = self.growth_with_number(), float(np.sqrt(self.variance()))
        if growth:
            # The scale ends where the variance is 0.
            end = 2 * spread / growth
            errors = np.minimum(errors, end) if growth > 0 else np.maximum(errors, end)
        return self.estimate - spread * errors + growth * errors**2 / 4

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


def _correlation(one: FloatArray, other: FloatArray) -> float:
    one, other = one - one.mean(), other - other.mean()
    scale = np.sqrt((one @ one) * (other @ other))
    return float(one @ other / scale) if scale else 0.0


def check_interval(kind: str) -> None:
    """Refuse a kind of interval that is not known.

    Raises
    ------
    ValueError
        It is not one of `Interval`.
    """
    if kind not in get_args(Interval):
        raise ValueError(f"The interval must be one of {', '.join(get_args(Interval))}, but it is {kind!r}.")
