"""A lower bound on what an operator reveals, from running it many times: the check that could prove a claim wrong.

An operator is run many times from each of two starts that differ in what is to be forgotten. If it is mu-GDP, then no
test tells the two kinds of results apart better than it tells N(0, 1) from N(mu, 1). So the audit tries: on one half
of the results it fixes a score, the likelihood ratio of two Gaussians with the covariance that both share, and the
thresholds; on the other half it counts how often the score errs. Clopper-Pearson intervals turn the counts into bounds
on the true rates, shared out over all thresholds and both directions by Bonferroni, and a test that good rules out
every mu, and every epsilon at the given delta, that is too small. A correct operator is accused with probability at
most 1 - confidence, however few the runs.

Jagielski, Ullman and Oprea, "Auditing differentially private machine learning" (NeurIPS 2020): epsilon from the
error rates of a test. Nasr, Hayes, Steinke, Balle, Tramer, Jagielski, Carlini and Terzis, "Tight auditing of
differentially private machine learning" (USENIX Security 2023): by way of mu, which is tighter, because a Gaussian
trade-off curve through one measured point says something about all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.ranges import probability

THRESHOLDS = 15
"""How many points of the trade-off curve are tried."""


@dataclass(frozen=True)
class Audit:
    """What two samples of results prove.

    Attributes
    ----------
    epsilon
        The operator is not (e, delta)-indistinguishable for any e below it; true of every operator.
    mu
        The operator is not m-GDP for any m below it.
    epsilon_of_mu
        Epsilon of that mu at delta. No operator that is Gaussian DP has a smaller one.
    delta
        As given.
    confidence
        Probability with which the bounds are right.
    runs
        Results that were counted, of both kinds together; the others went into the choice of the test.
    """

    epsilon: float
    mu: float
    epsilon_of_mu: float
    delta: float
    confidence: float
    runs: int


def audit(first: NDArray[np.float64], second: NDArray[np.float64], *, delta: float, confidence: float = 0.99) -> Audit:
    """Bound from below how well results from two starts can be told apart.

    Parameters
    ----------
    first, second
        Results from either start, one a row, independent of each other; float64, shapes (M, d) and (N, d). M and N
        are at least 8.
    delta
        Of the claim, strictly between 0 and 1.
    confidence
        Probability with which the bounds hold, strictly between 0 and 1.

    Returns
    -------
    Audit
        Zeros where nothing can be shown.

    Raises
    ------
    ValueError
        The samples do not fit each other, are too small or not finite, or a number is out of range.
    """
    first, second = _sample(first), _sample(second)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"Results must have the same length, but they have {first.shape[1]} and {second.shape[1]}.")
    probability("delta", delta)
    doubt = 1 - probability("confidence", confidence)
    direction = _direction(first[::2], second[::2])
    known, tested = (
        np.concatenate([first[::2], second[::2]]) @ direction,
        (first[1::2] @ direction, second[1::2] @ direction),
    )
    # Chosen on the half that is not counted, so the thresholds are fixed before the other half is seen.
    thresholds = np.quantile(known, np.linspace(0, 1, THRESHOLDS + 2)[1:-1])
    # Two tails a rate, two rates a threshold.
    tail = doubt / (4 * THRESHOLDS)
    (low1, high1), (low2, high2) = (
        _rates((scores > thresholds[:, None]).sum(axis=1), len(scores), tail) for scores in tested
    )
    # A score above the threshold speaks for the second start, one below it for the first; either may be the test, and
    # either start the one that is to be found.
    hits = np.concatenate([low2, low1, 1 - high1, 1 - high2])
    misses = np.concatenate([high1, high2, 1 - low2, 1 - low1])
    best_epsilon = max(0.0, float(np.log(np.maximum(hits - delta, np.finfo(float).tiny) / misses).max()))
    best_mu = max(0.0, float((ndtri(hits) - ndtri(misses)).max()))
    return Audit(
        best_epsilon,
        best_mu,
        gaussian_dp.epsilon(best_mu, delta),
        delta,
        confidence,
        len(tested[0]) + len(tested[1]),
    )


def _sample(values: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or len(values) < 8 or not values.shape[1]:
        raise ValueError(f"An audit needs at least 8 results, one a row, but it was given shape {values.shape}.")
    if not np.isfinite(values).all():
        raise ValueError("An audit needs results that are finite numbers.")
    return values


def _direction(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the direction along which two Gaussians of one covariance are told apart best."""
    gap = second.mean(axis=0) - first.mean(axis=0)
    spread = np.concatenate([first - first.mean(axis=0), second - second.mean(axis=0)])
    covariance = spread.T @ spread / len(spread)
    # A little of the identity, so that a covariance of few results, or of results without noise, can be inverted.
    floor = 1e-9 * max(float(np.trace(covariance)), float(gap @ gap), np.finfo(float).tiny)
    return np.asarray(np.linalg.solve(covariance + floor * np.eye(len(gap)), gap), np.float64)


def _rates(hits: NDArray[np.int64], runs: int, tail: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return bounds on probabilities, each wrong with a probability of at most `tail` (Clopper and Pearson 1934)."""
    low = np.where(hits > 0, betaincinv(np.maximum(hits, 1), runs - hits + 1, tail), 0.0)
    high = np.where(hits < runs, betaincinv(hits + 1, np.maximum(runs - hits, 1), 1 - tail), 1.0)
    return low, high
