"""The one sum that noisy iterations need: of a geometric series whose ratio may be close to 1."""

from __future__ import annotations

import math


def geometric_sum(log_ratio: float, terms: float) -> float:
    """Return 1 + r + r^2 + ... over `terms` terms, r = exp(`log_ratio`).

    Exact to rounding however close r is to 1, where the textbook quotient (1 - r^n)/(1 - r) loses every digit.

    Parameters
    ----------
    log_ratio
        Natural logarithm of the ratio, 0 or less.
    terms
        Number of terms; a fraction interpolates.

    Returns
    -------
    float
        The sum.
    """
    if log_ratio == 0:
        return float(terms)
    return math.expm1(terms * log_ratio) / math.expm1(log_ratio)
