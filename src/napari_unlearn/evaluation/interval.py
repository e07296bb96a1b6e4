"""A number with its 95 % interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.leakage.bootstrap import draw_weights
from napari_unlearn.leakage.resampled import Resampled

FEWEST = 2


@dataclass(frozen=True)
class Measured:
    """A number with its 95 % interval.

    Attributes
    ----------
    value : float
        The number.
    low, high : float or None
        Ends of the interval; None where there is too little to tell.
    cases : int
        What it was measured on.
    """

    value: float
    low: float | None
    high: float | None
    cases: int

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return {"value": self.value, "low": self.low, "high": self.high, "cases": self.cases}

    def written(self, decimals: int = 3, sign: bool = False) -> str:
        """Write the interval for a table; "" where there is none.

        Parameters
        ----------
        decimals : int
            How many.
        sign : bool
            Whether plus is written.

        Returns
        -------
        str
        """
        if self.low is None or self.high is None:
            return ""
        form = f"{'+' if sign else ''}.{decimals}f"
        return f"{self.low:{form}} to {self.high:{form}}"


def mean_over_cases(
    values: NDArray[np.float64], limits: tuple[float, float], resamples: int, seed: int
) -> Measured | None:
    """Mean over cases with its BCa bootstrap interval (Efron, 1987).

    Parameters
    ----------
    values : ndarray of float64, shape (N,)
        One a case.
    limits : tuple of float
        Between which a mean can lie; the interval ends there at the latest.
    resamples : int
        Sets of cases to draw.
    seed : int
        Of the draws.

    Returns
    -------
    Measured or None
        Without an interval for fewer than two cases; None without any.
    """
    count = len(values)
    if not count:
        return None
    mean = float(values.mean())
    if count < FEWEST:
        return Measured(mean, None, None, count)
    weights = draw_weights(count, max(resamples, 1), seed)
    without = (values.sum() - values) / (count - 1)
    # A mean is linear in the cases, so that the jackknife's variance is right and there is no part of chance in it.
    no_shuffles = (0.0, np.zeros(1), np.zeros(0), np.zeros((0, count)))
    number = Resampled(mean, weights @ values / count, without, *no_shuffles, weights)
    low, high = np.clip(number.interval("bca"), *limits)
    # Rounding must not leave the mean outside.
    return Measured(mean, min(float(low), mean), max(float(high), mean), count)
