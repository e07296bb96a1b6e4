"""Noisy fine-tuning with clipped gradients: any loss, any start in a ball.

The model starts at x_0, clipped to norm C0 around a public centre, and takes T steps on retained data::

    x <- x - gamma (clip(gradient, C1) + lambda x) + N(0, sigma^2 I)

Mechanism: Koloskova, Allouah, Jha, Guerraoui and Koyejo, "Certified unlearning for neural networks" (ICML 2025),
gradient clipping. Accounting: derived here, tighter than the closed forms published with it. With r = 1 - gamma lambda,
two starts 2 C0 apart and clipped steps whose difference is at most 2 gamma C1 can be moved onto each other a little at
every step, each move hidden by that step's noise (the shifted interpolation of Bok, Su and Altschuler, ICML 2024, with
the bound on the clipped step in place of contraction). The best division over the steps gives Gaussian DP with::

    mu = S / (sigma sqrt(V)),  S = 2 C0 r^T + 2 gamma C1 (1 + r + ... + r^(T-1)),  V = 1 + r^2 + ... + r^(2(T-1))

Noise may also decrease, sigma_t = sigma r^-(T-t), so that every step leaves the same trace in the result (the second
schedule of the released code). Then V = T, but the quotient above holds only while the parts taken away at each step
never exceed the distance that is left; with decay and many steps they do, and the released code then claims more than
its argument gives. Here `noisy_iteration` takes the best parts that can be taken, whatever the schedule.
"""

from __future__ import annotations

import math
from typing import NotRequired, TypedDict, Unpack

from napari_unlearn.privacy import gaussian_dp, noisy_iteration
from napari_unlearn.privacy.ranges import count, non_negative, positive
from napari_unlearn.privacy.series import geometric_sum

MOST_GROWTH = 1e6
"""Largest quotient of the first and the last noise of a decreasing schedule: beyond it float64 loses the model."""


class Steps(TypedDict):
    """The keyword arguments of `sensitivity`, which says what they are."""

    initial_radius: float
    gradient_radius: float
    step_size: float
    steps: int
    decay: NotRequired[float]
    decreasing: NotRequired[bool]


def sigma(epsilon: float, delta: float, **steps: Unpack[Steps]) -> float:
    """Return the noise per parameter and step that the budget needs: S / (mu(epsilon, delta) sqrt(V)).

    A standard deviation in parameter units, of the last step if the noise decreases; keywords as for `sensitivity`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return gaussian_dp.gaussian_sigma(sensitivity(**steps), epsilon, delta)


def mu(sigma: float, **steps: Unpack[Steps]) -> float:
    """Return the mu that this noise gives: S / (sigma sqrt(V)); keywords as for `sensitivity`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return gaussian_dp.gaussian_mu(sensitivity(**steps), sigma)


def sensitivity(
    *,
    initial_radius: float,
    gradient_radius: float,
    step_size: float,
    steps: int,
    decay: float = 0.0,
    decreasing: bool = False,
) -> float:
    """Return the sensitivity of the one Gaussian mechanism that the whole run amounts to.

    Parameters
    ----------
    initial_radius
        C0, norm to which the distance of the start from the public centre is clipped, in parameter units, larger than
        0.
    gradient_radius
        C1, norm to which the gradient of each step is clipped, over all certified parameters together, 0 or more.
    step_size
        gamma, larger than 0. The noise is added after the step and is not scaled by it.
    steps
        T, number of noisy steps, 1 or more.
    decay
        lambda, pull towards the public centre, 0 or more and smaller than 1 / gamma; added after clipping.
    decreasing
        Whether the noise decreases, see `noise_schedule`.

    Returns
    -------
    float
        S / sqrt(V) for constant noise, in parameter units.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    initial, gradient = positive("initial_radius", initial_radius), non_negative("gradient_radius", gradient_radius)
    log_ratio, number = _log_ratio(step_size, decay), count("steps", steps)
    if decreasing:
        noise = noise_schedule(1.0, step_size=step_size, steps=number, decay=decay, decreasing=True)
        ratios, influences = [math.exp(log_ratio)] * number, [2 * step_size * gradient] * number
        return noisy_iteration.mu(2 * initial, ratios, influences, noise)
    shift = 2 * initial * math.exp(number * log_ratio) + 2 * step_size * gradient * geometric_sum(log_ratio, number)
    return shift / math.sqrt(geometric_sum(2 * log_ratio, number))


def noise_schedule(
    sigma: float, *, step_size: float, steps: int, decay: float = 0.0, decreasing: bool = False
) -> list[float]:
    """Return the noise of each step: `sigma` always, or sigma r^-(T-t), which decreases to `sigma` at the last step.

    Raises
    ------
    ValueError
        A number is out of range, or the noise would decrease by more than `MOST_GROWTH`.
    """
    last, log_ratio, number = positive("sigma", sigma), _log_ratio(step_size, decay), count("steps", steps)
    if not decreasing:
        return [last] * number
    if (1 - number) * log_ratio > math.log(MOST_GROWTH):
        raise ValueError(
            f"Decreasing noise would start more than {MOST_GROWTH:g} times larger than it ends, with {number} steps, "
            f"step_size {step_size} and decay {decay}: lower one of them, or keep the noise constant."
        )
    return [last * math.exp((step - number) * log_ratio) for step in range(1, number + 1)]


def best_steps(*, initial_radius: float, gradient_radius: float, step_size: float, decay: float = 0.0) -> int:
    """Return the number of steps that needs the least noise per step.

    Derived here: S^2 / V is least where r^T = 1 - lambda C0 / C1 (for lambda = 0 at T = C0 / (gamma C1)), which is also
    the number of steps of Dolgova and Stich (arXiv 2601.05134).

    Raises
    ------
    ValueError
        A number is out of range, or decay * initial_radius is not below gradient_radius, so that every further step
        needs less noise and there is no best number.
    """
    initial, gradient = positive("initial_radius", initial_radius), positive("gradient_radius", gradient_radius)
    log_ratio, pull = _log_ratio(step_size, decay), decay * initial / gradient
    if pull >= 1:
        raise ValueError(
            "There is no best number of steps, since decay * initial_radius is not below gradient_radius "
            f"({decay * initial} against {gradient}): lower decay, or choose the steps yourself."
        )
    best = math.log1p(-pull) / log_ratio if log_ratio else initial / (step_size * gradient)

    def noise(steps: int) -> float:
        return sensitivity(
            initial_radius=initial, gradient_radius=gradient, step_size=step_size, steps=steps, decay=decay
        )

    return min(max(1, math.floor(best)), max(1, math.ceil(best)), key=noise)


def _log_ratio(step_size: float, decay: float) -> float:
    shrinkage = positive("step_size", step_size) * non_negative("decay", decay)
    if shrinkage >= 1:
        raise ValueError(
            f"step_size * decay must be smaller than 1, but {step_size} * {decay} is {shrinkage}: lower one of them."
        )
    return math.log1p(-shrinkage)
