"""Projected noisy SGD on a strongly convex loss: train with noise, unlearn by going on without the removed rows.

Mechanism: Chien, Wang, Chen and Li, "Certified machine unlearning via noisy stochastic gradient descent" (NeurIPS
2024). Batches are taken in a fixed cyclic order, gradients clipped to norm M, and every step is::

    x <- project(x - eta (mean clipped gradient + m x) + sqrt(2 eta) sigma N(0, I), radius R)

Every step contracts by c = 1 - eta m, for a smooth loss and eta at most 1 / smoothness. Accounting: derived here. Two
trainings that differ in one row are at most Z apart (the bound on W-infinity of that paper); N further noisy
contractions give Gaussian DP (shifted interpolation, Bok, Su and Altschuler, ICML 2024) with::

    mu = Z c^N / (sqrt(2 eta) sigma sqrt(1 + c^2 + ... + c^(2(N-1))))
"""

from __future__ import annotations

import math
from typing import TypedDict, Unpack

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.ranges import count, non_negative, positive
from napari_unlearn.privacy.series import geometric_sum


class Update(TypedDict):
    """Those keyword arguments of `distance` that say how steps contract and how many an epoch has."""

    step_size: float
    strong_convexity: float
    n: float
    batch_size: float


def distance(
    *,
    step_size: float,
    strong_convexity: float,
    gradient_bound: float,
    n: float,
    batch_size: float,
    projection_radius: float = math.inf,
    trained_epochs: int | None = None,
    removed: int = 1,
) -> float:
    """Return Z, how far apart training with and training without the removed rows can end.

    Parameters
    ----------
    step_size
        eta, larger than 0, eta m smaller than 1.
    strong_convexity
        m, 0 or more.
    gradient_bound
        M, norm to which the gradient of one row is clipped, 0 or more.
    n, batch_size
        Number of rows, and rows a step; the batch size divides n.
    projection_radius
        R, larger than 0; infinite if nothing is projected.
    trained_epochs
        Number of epochs of training, or None for the limit of many.
    removed
        Number of rows removed; the bound holds also when all of them lie in one batch.

    Returns
    -------
    float
        Distance in parameter units.

    Raises
    ------
    ValueError
        A number is out of range, or neither convexity, epochs nor projection bounds the distance.
    """
    log_ratio, per_epoch = _log_ratio(step_size, strong_convexity), _steps_per_epoch(n, batch_size)
    if math.isnan(projection_radius) or projection_radius <= 0:
        raise ValueError(f"projection_radius must be larger than 0 or infinite, but it is {projection_radius}.")
    jump = 2 * step_size * non_negative("gradient_bound", gradient_bound) / batch_size * count("removed", removed)
    if trained_epochs is not None:
        visits = geometric_sum(log_ratio * per_epoch, count("trained_epochs", trained_epochs))
    else:
        visits = -1 / math.expm1(log_ratio * per_epoch) if log_ratio else math.inf
    bound = min(jump * visits if jump else 0.0, 2 * projection_radius)
    if math.isinf(bound):
        raise ValueError(
            "Nothing bounds the distance: give trained_epochs or a finite projection_radius when strong_convexity is 0."
        )
    return bound


def mu(*, distance: float, sigma: float, epochs: float, **update: Unpack[Update]) -> float:
    """Return the mu that a number of unlearning epochs gives.

    `distance` is Z at the start, see the function of that name and `next_distance`; a step adds noise of standard
    deviation sqrt(2 eta) sigma, larger than 0; `epochs` is K, 1 or more; the rest as for the function `distance`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    log_ratio, number = _contraction(epochs, **update)
    left = non_negative("distance", distance) * math.exp(number * log_ratio)
    noise = math.sqrt(2 * update["step_size"]) * positive("sigma", sigma)
    return left / (noise * math.sqrt(geometric_sum(2 * log_ratio, number)))


def epochs(epsilon: float, delta: float, *, distance: float, sigma: float, **update: Unpack[Update]) -> int:
    """Return K, the least number of unlearning epochs that meets the budget, 1 or more; keywords as for `mu`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    allowed = gaussian_dp.mu(epsilon, delta)
    log_ratio, per_epoch = _contraction(1, **update)
    noise = math.sqrt(2 * update["step_size"]) * positive("sigma", sigma)
    excess = (non_negative("distance", distance) / (noise * allowed)) ** 2
    growth = -excess * math.expm1(2 * log_ratio)
    # Without contraction, or next to none, the steps needed are the excess itself.
    needed = math.log1p(growth) / (-2 * log_ratio) if growth > 1e-15 else excess
    return max(1, math.ceil(needed / per_epoch * (1 - 1e-12)))


def relabelled_gradient(feature_radius: float) -> float:
    """Return sqrt(2) r: the longest gradient of an image, and how far new labels or lower weights can move it.

    Parameters
    ----------
    feature_radius
        r, longest feature vector of a softmax regression, 0 or more; the weights of an image sum to at most 1.

    Returns
    -------
    float
        Norm, in units of the gradient.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return math.sqrt(2) * non_negative("feature_radius", feature_radius)


def relabelled_distance(*, feature_radius: float, strong_convexity: float, projection_radius: float) -> float:
    """Return Z, how far apart two trainings of any length on the same images can end, whatever the labels of each.

    Every image of every batch may differ. A step then shifts two heads apart by at most eta sqrt(2) r and contracts
    them by 1 - eta m, so that they stay within sqrt(2) r / m; the projection keeps them within 2 R as well.

    Parameters
    ----------
    feature_radius
        As for `relabelled_gradient`.
    strong_convexity
        m, larger than 0.
    projection_radius
        R, larger than 0.

    Returns
    -------
    float
        Distance in parameter units.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    shift = relabelled_gradient(feature_radius) / positive("strong_convexity", strong_convexity)
    return min(shift, 2 * positive("projection_radius", projection_radius))


def next_distance(
    *,
    distance: float,
    epochs: float,
    fresh_distance: float,
    projection_radius: float = math.inf,
    **update: Unpack[Update],
) -> float:
    """Return Z for the next request: what is left of the last one after its epochs, plus that of the new rows.

    `distance` and `epochs` are Z of the last request and the epochs spent on it, `fresh_distance` is Z of the newly
    removed rows alone; the rest as for the function `distance`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    log_ratio, number = _contraction(epochs, **update)
    left = non_negative("distance", distance) * math.exp(number * log_ratio)
    return min(left + non_negative("fresh_distance", fresh_distance), 2 * projection_radius)


def filled(images: float, batch_size: float) -> int:
    """Return n for the account: images, and as many without labels as fill the last batch.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    size = count("batch_size", batch_size)
    return size * -(-count("images", images) // size)


def _contraction(epochs: float, **update: Unpack[Update]) -> tuple[float, int]:
    """Return the logarithm of what a step contracts by, and the number of steps."""
    log_ratio = _log_ratio(update["step_size"], update["strong_convexity"])
    return log_ratio, count("epochs", epochs) * _steps_per_epoch(update["n"], update["batch_size"])


def _log_ratio(step_size: float, strong_convexity: float) -> float:
    shrinkage = positive("step_size", step_size) * non_negative("strong_convexity", strong_convexity)
    if shrinkage >= 1:
        raise ValueError(f"step_size * strong_convexity must be smaller than 1, but it is {shrinkage}.")
    return math.log1p(-shrinkage)


def _steps_per_epoch(n: float, batch_size: float) -> int:
    rows, size = count("n", n), count("batch_size", batch_size)
    if rows % size:
        raise ValueError(f"batch_size must divide n, but {rows} rows do not divide into batches of {size}.")
    return rows // size
