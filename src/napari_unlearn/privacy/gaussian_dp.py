"""Gaussian differential privacy: the exact trade between epsilon, delta and mu, and composition.

An operator is mu-GDP when its result with and without the forgotten data is at least as hard to tell apart as one draw
from N(0, 1) is from one draw from N(mu, 1). Dong, Roth and Su, "Gaussian differential privacy", J. R. Stat. Soc. B 84
(2022), Corollary 2.13 (equivalently Balle and Wang, ICML 2018, Theorem 8)::

    delta(epsilon) = Phi(-epsilon/mu + mu/2) - e^epsilon Phi(-epsilon/mu - mu/2)

Everything is evaluated through logarithms of normal tails, so neither a delta of 1e-300 nor an epsilon of 1000 loses
digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
from scipy.optimize import brentq
from scipy.special import erfcx, erfinv, log_ndtr, ndtr, ndtri_exp

from napari_unlearn.privacy.ranges import count, non_negative, positive, probability

# Below this mu the two tails of the formula are too close for their difference; it is integrated instead.
_SMALL_MU = 0.1
# Beyond this many standard deviations delta is far below the smallest float, and a bound on it does.
_FAR_TAIL = 1e3
_LEGENDRE_NODES, _LEGENDRE_WEIGHTS = np.polynomial.legendre.leggauss(12)


def delta(epsilon: float, mu: float) -> float:
    """Return the smallest delta for which mu-GDP gives (epsilon, delta).

    Parameters
    ----------
    epsilon
        0 or more, natural logarithm of a ratio of probabilities.
    mu
        0 or more; 0 means that the two results cannot be told apart.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return math.exp(log_delta(epsilon, mu))


def log_delta(epsilon: float, mu: float) -> float:
    """Return the natural logarithm of `delta`, -inf for a mu of 0; finite where `delta` itself underflows.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    epsilon, mu = non_negative("epsilon", epsilon), non_negative("mu", mu)
    if mu == 0:
        return -math.inf
    near, far = epsilon / mu - mu / 2, epsilon / mu + mu / 2
    if near > _FAR_TAIL:
        return float(log_ndtr(-near))
    # e^epsilon is the ratio of the normal densities at `near` and `far`, so both terms of the formula are the density
    # at `near` times a Mills ratio, and neither the factor e^epsilon nor a tiny tail has to be formed.
    if mu < _SMALL_MU:
        points = near + mu * (_LEGENDRE_NODES + 1) / 2
        difference = mu / 2 * float(_LEGENDRE_WEIGHTS @ [1 - point * _mills(point) for point in points])
    elif near < 0:
        first, second = float(ndtr(-near)), _mills(far) * math.exp(-near * near / 2) / math.sqrt(2 * math.pi)
        return float(log_ndtr(-near)) + math.log1p(-second / first)
    else:
        difference = _mills(near) - _mills(far)
    return -near * near / 2 - math.log(2 * math.pi) / 2 + math.log(difference)


def epsilon(mu: float, delta: float) -> float:
    """Return the smallest epsilon for which mu-GDP gives (epsilon, delta).

    Parameters
    ----------
    mu
        0 or more.
    delta
        Strictly between 0 and 1.

    Returns
    -------
    float
        0 or more.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    mu, delta = non_negative("mu", mu), probability("delta", delta)
    target = math.log(delta)
    if log_delta(0.0, mu) <= target:
        return 0.0
    # At this epsilon the first term of the formula alone is already down to delta.
    highest = mu * -float(ndtri_exp(target)) + mu * mu / 2
    return _root(lambda value: log_delta(value, mu) - target, 0.0, highest * (1 + 1e-9))


def mu(epsilon: float, delta: float) -> float:
    """Return the largest mu for which mu-GDP gives (epsilon, delta).

    One Gaussian mechanism of sensitivity S meets the budget exactly when its sigma is S / mu or more.

    Parameters
    ----------
    epsilon
        0 or more.
    delta
        Strictly between 0 and 1.

    Returns
    -------
    float
        Larger than 0.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    epsilon, delta = non_negative("epsilon", epsilon), probability("delta", delta)
    lowest = 2 * math.sqrt(2) * float(erfinv(delta))
    if epsilon == 0:
        return lowest
    target = math.log(delta)
    tail = -float(ndtri_exp(target))
    if tail > 0:
        # Here the first term of the formula alone equals delta; written so that nothing cancels.
        lowest = max(lowest, 2 * epsilon / (tail + math.sqrt(tail * tail + 2 * epsilon)))
    highest = 2 * lowest
    while log_delta(epsilon, highest) < target:
        highest *= 2
    logarithm = _root(
        lambda value: log_delta(epsilon, math.exp(value)) - target, math.log(lowest) - 1e-9, math.log(highest)
    )
    return math.exp(logarithm)


def compose(mus: Iterable[float]) -> float:
    """Return the mu of several mechanisms run on the same data, each of which may look at the results before it.

    Dong, Roth and Su (arXiv 1905.02383, Corollary 3.3): the root of the sum of squares.

    Raises
    ------
    ValueError
        A mu is negative or not finite.
    """
    return math.hypot(*(non_negative("mu", value) for value in mus))


def attempts(mu: float, number: int) -> float:
    """Return the mu of `number` runs that were each looked at, of which any may have been kept: mu sqrt(number).

    Raises
    ------
    ValueError
        mu is negative or not finite, or the number is not a whole number of 1 or more.
    """
    return non_negative("mu", mu) * math.sqrt(count("the number of attempts", number))


def gaussian_sigma(sensitivity: float, epsilon: float, delta: float) -> float:
    """Return the standard deviation of the noise that makes one Gaussian mechanism (epsilon, delta).

    Balle and Wang (ICML 2018), the analytic Gaussian mechanism: sensitivity / mu(epsilon, delta).

    Parameters
    ----------
    sensitivity
        Largest Euclidean distance between the two values that must look alike, 0 or more.
    epsilon, delta
        Budget, epsilon 0 or more and delta strictly between 0 and 1.

    Returns
    -------
    float
        Standard deviation, in the units of the sensitivity.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return non_negative("sensitivity", sensitivity) / mu(epsilon, delta)


def gaussian_mu(sensitivity: float, sigma: float) -> float:
    """Return the mu of one Gaussian mechanism: sensitivity / sigma.

    Raises
    ------
    ValueError
        The sensitivity is negative, sigma is not larger than 0, or one is not finite.
    """
    return non_negative("sensitivity", sensitivity) / positive("sigma", sigma)


def _mills(point: float) -> float:
    """Return Phi(-x)/phi(x)."""
    return math.sqrt(math.pi / 2) * float(erfcx(point / math.sqrt(2)))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    # Cut off, because a root finder cannot step from -inf, the logarithm of a delta of 0.
    def finite(value: float) -> float:
        return max(function(value), -1e6)

    return float(brentq(finite, low, high, xtol=1e-15 * max(1.0, abs(high)), rtol=1e-15, maxiter=500))
