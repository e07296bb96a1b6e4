"""The residual certificate: how far a head can be from the exact minimiser, read off its gradient.

F, the loss over the retained data, is lambda-strongly convex, so a point whose gradient has norm at most r lies within
r / lambda of the minimiser of F, which the forgotten data never touched. Noise that hides this distance hides the
start. The idea is that of Guo, Goldstein, Hannun and van der Maaten, "Certified data removal" (ICML 2020), where noise
enters the loss instead; here it is added to the result, calibrated exactly (Balle and Wang, ICML 2018). Derived here.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict, Unpack

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.ranges import count, non_negative, positive


class Distance(TypedDict):
    """The keyword arguments of `sensitivity`, which says what they are."""

    residual: float
    strong_convexity: float
    approximate_runs: NotRequired[int]


def sigma(epsilon: float, delta: float, **distance: Unpack[Distance]) -> float:
    """Return the noise per parameter that the budget needs: sensitivity / mu(epsilon, delta).

    A standard deviation in parameter units; keywords as for `sensitivity`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return gaussian_dp.gaussian_sigma(sensitivity(**distance), epsilon, delta)


def mu(sigma: float, **distance: Unpack[Distance]) -> float:
    """Return the mu that this noise gives: sensitivity / sigma; keywords as for `sensitivity`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return gaussian_dp.gaussian_mu(sensitivity(**distance), sigma)


def sensitivity(*, residual: float, strong_convexity: float, approximate_runs: int = 1) -> float:
    """Return how far apart the two results that must look alike can be.

    Parameters
    ----------
    residual
        r, bound on the norm of the gradient over the retained data, fixed before looking at them, 0 or more.
    strong_convexity
        lambda, larger than 0.
    approximate_runs
        1 if the result is compared with the exact minimiser: r / lambda. 2 if it is compared with the same operator
        run on a model that never saw the forgotten data, which stops at the same bound: 2 r / lambda. Certificates use
        2.

    Returns
    -------
    float
        Distance in parameter units.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    runs = count("approximate_runs", approximate_runs)
    if runs > 2:
        raise ValueError(f"approximate_runs must be 1 or 2, since two results are compared, but it is {runs}.")
    return runs * non_negative("residual", residual) / positive("strong_convexity", strong_convexity)
