"""Gradients quantised to {-1, 0, 1} after Gaussian smoothing, with the change that cannot alter them (PCMU, 2022).

A coordinate g counts as 1 above a threshold tau, as -1 below -tau and as 0 between. Smoothed by N(0, s^2) the three
have the probabilities

    P(1) = Phi((g - tau) / s),   P(-1) = Phi((-g - tau) / s),   P(0) = 1 - P(1) - P(-1),

and the most probable one is the quantised value. It stays the same for every change of g below

    R = (s / 2) (Phi^-1(p_A) - Phi^-1(p_B)),   p_A >= p_B the two largest probabilities

(the radius of Cohen, Rosenfeld and Kolter 2019). Taking k of n samples of norm at most G out of a mean moves it by at
most 2 k G / n, hence the budget k <= n R / (2 G).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Quantised:
    """A quantised gradient.

    Attributes
    ----------
    values : ndarray of float64
        -1, 0 or 1 for every coordinate.
    radius : ndarray of float64
        Change of the coordinate that cannot alter its value.
    """

    values: FloatArray
    radius: FloatArray


def quantise(gradient: FloatArray, threshold: float, smoothing: float) -> Quantised:
    """Most probable value of every coordinate, and how far it is safe.

    Parameters
    ----------
    gradient : ndarray of float64
        g, any shape.
    threshold : float
        tau, not negative. Below 0.43 s the value 0 is never the most probable.
    smoothing : float
        s, positive.

    Returns
    -------
    Quantised
    """
    size = np.abs(gradient)  # -1 is to -g what 1 is to g
    along, against = (size - threshold) / smoothing, (-size - threshold) / smoothing
    nothing = _middle(along, against)
    zero_wins = nothing > along
    first = np.where(zero_wins, nothing, along)
    second = np.where(zero_wins, along, np.maximum(nothing, against))
    return Quantised(np.where(zero_wins, 0.0, np.sign(gradient)), smoothing / 2 * (first - second))


def removal_budget(radius: float, samples: int, bound: float) -> int:
    """How many samples may leave a mean without altering its quantised value.

    Parameters
    ----------
    radius : float
        The smallest one of all coordinates.
    samples : int
        n, in the mean.
    bound : float
        G, on the norm of each sample's gradient.

    Returns
    -------
    int
        floor(n R / (2 G)).
    """
    return math.floor(samples * radius / (2 * bound))


def _middle(along: FloatArray, against: FloatArray) -> FloatArray:
    """Phi^-1(1 - Phi(along) - Phi(against)), where along >= against.

    In logarithms, and from the side on which the result is not lost: a probability that rounds to 1 would give an
    infinite radius.
    """
    with np.errstate(divide="ignore"):
        # Phi(-along) - Phi(against): exact while the middle is the smaller part.
        upper, lower = log_ndtr(-along), log_ndtr(against)
        small: FloatArray = ndtri_exp(upper + np.log1p(-np.exp(np.minimum(lower - upper, 0.0))))
        large: FloatArray = -ndtri_exp(np.logaddexp(log_ndtr(along), lower))
    return np.where(small < 0, small, large)
