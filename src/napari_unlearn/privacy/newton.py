"""One Newton step from the exact minimiser, then noise once.

Sekhari, Acharya, Kamath and Suresh, "Remember what you want to forget" (NeurIPS 2021): for a
per-sample loss that is L-Lipschitz, lambda-strongly convex and has an M-Lipschitz Hessian, after removing m of n
samples the Newton step lies within 2 M L^2 m^2 / (lambda^3 n^2) of the exact minimiser without them. The noise is
calibrated exactly (Balle and Wang, ICML 2018) instead of by the classic formula used there.
"""

from __future__ import annotations

import math
from typing import NotRequired, TypedDict, Unpack

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.ranges import count, non_negative, positive


class Samples(TypedDict):
    """The keyword arguments of `sensitivity`, which says what they are."""

    lipschitz: float
    hessian_lipschitz: float
    strong_convexity: float
    n: int
    removed: int


class Pixels(TypedDict):
    """The keyword arguments of `relabelled_sensitivity`, which says what they are."""

    feature_radius: float
    strong_convexity: float
    drawn_pixels: float
    removed_pixels: float
    residual_bound: float
    added_pixels: NotRequired[float]


def sigma(epsilon: float, delta: float, **samples: Unpack[Samples]) -> float:
    """Return the noise per parameter that the budget needs, in parameter units; keywords as for `sensitivity`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return gaussian_dp.gaussian_sigma(sensitivity(**samples), epsilon, delta)


def relabelled_sigma(epsilon: float, delta: float, **pixels: Unpack[Pixels]) -> float:
    """Return the noise per parameter for a softmax regression; keywords as for `relabelled_sensitivity`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return gaussian_dp.gaussian_sigma(relabelled_sensitivity(**pixels), epsilon, delta)


def sensitivity(*, lipschitz: float, hessian_lipschitz: float, strong_convexity: float, n: int, removed: int) -> float:
    """Return how far the Newton step may lie from the exact minimiser, 2 M L^2 m^2 / (lambda^3 n^2).

    Parameters
    ----------
    lipschitz
        L, largest norm of the gradient of one sample's loss, 0 or more.
    hessian_lipschitz
        M, 0 or more; 0 for a quadratic loss, where the step is exact and no noise is needed.
    strong_convexity
        lambda of one sample's loss, larger than 0.
    n
        Number of samples the model was fitted to.
    removed
        m, how many of them are forgotten, fewer than n.

    Returns
    -------
    float
        Distance in parameter units.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    total, fraction = count("n", n), count("removed", removed, least=0) / count("n", n)
    if fraction >= 1:
        raise ValueError(f"removed must be smaller than n, but {removed} of {total} samples are to be removed.")
    slope, curvature = non_negative("lipschitz", lipschitz), positive("strong_convexity", strong_convexity)
    moved = slope * fraction / curvature
    return 2 * non_negative("hessian_lipschitz", hessian_lipschitz) * moved * moved / curvature


def relabelled_sensitivity(
    *,
    feature_radius: float,
    strong_convexity: float,
    drawn_pixels: float,
    removed_pixels: float,
    residual_bound: float,
    added_pixels: float = 0,
) -> float:
    """Return how far apart two Newton steps can end, one of which started at the minimum without the removed labels.

    For a softmax regression with gradients of length at most L = sqrt(2) r and a Hessian that is M-Lipschitz with
    M = r^3 / sqrt(2). Weights are not rescaled when labels go, so that the old minimum is within D = (rho L + e) / m of
    the new one and the step within M D^2 / (2 m) + e / m; with rho = 0 that is the bound for the other run. Derived
    here; `sensitivity` with L / 2 gives the same for e = 0.

    Pixels that both runs add, a share beta, move the gradient of both by up to beta L more and make the Hessian
    M (1 + beta)-Lipschitz.

    Parameters
    ----------
    feature_radius
        r, longest feature vector, 0 or more.
    strong_convexity
        m, larger than 0.
    drawn_pixels, removed_pixels
        Pixels of the objective, and how many of them lose their label or get another one.
    residual_bound
        e, bound on the gradient at the old minimum and on what is left of the linear system, 0 or more.
    added_pixels
        Pixels that join the objective and were not in the training, 0 or more.

    Returns
    -------
    float
        Distance in parameter units.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    drawn, removed = count("drawn_pixels", drawn_pixels), count("removed_pixels", removed_pixels, least=0)
    if removed > drawn:
        raise ValueError(f"removed_pixels must not exceed drawn_pixels, but {removed} of {drawn} are to be removed.")
    radius, convexity = non_negative("feature_radius", feature_radius), positive("strong_convexity", strong_convexity)
    residual = non_negative("residual_bound", residual_bound)
    added = count("added_pixels", added_pixels, least=0) / drawn
    bend = (1 + added) * radius**3 / math.sqrt(2)

    def off(share: float) -> float:
        moved = (share * math.sqrt(2) * radius + residual) / convexity
        return bend * moved * moved / (2 * convexity) + residual / convexity

    return off(removed / drawn + added) + off(added)
