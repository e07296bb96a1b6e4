"""Noisy fine-tuning with clipped models: after every step the model is clipped to norm C2, then noise is added.

Mechanism: Koloskova, Allouah, Jha, Guerraoui and Koyejo, "Certified unlearning for neural networks" (ICML 2025), model
clipping. Two clipped models are at most 2 C2 apart whatever the step did, so one step is one Gaussian mechanism;
further steps amplify it (Balle, Barthe, Gaboardi and Geumlek, "Privacy amplification by mixing and diffusion
mechanisms", NeurIPS 2019, Theorem 1)::

    delta_0 = 1,   delta_{t+1} = delta_t Theta(epsilon_t, 2 C2 / sigma),   e^epsilon_t = 1 + (e^epsilon - 1) / delta_t

with Theta(epsilon, mu) the delta of Gaussian DP. epsilon stays, delta shrinks. The start needs neither clipping nor
noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice, repeat

from scipy.optimize import brentq

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.ranges import count, non_negative, positive, probability

MOST_STEPS = 10_000
"""More steps than any run takes; longer ones are refused, since every step has to be gone through."""


def sigma(epsilon: float, delta: float, *, model_radius: float, steps: int) -> float:
    """Return the least noise per parameter and step that the budget needs.

    Parameters
    ----------
    epsilon, delta
        Budget, epsilon 0 or more and delta strictly between 0 and 1.
    model_radius
        C2, norm to which the model is clipped around the public centre at every step, in parameter units, larger than
        0.
    steps
        Number of noisy steps, 1 or more.

    Returns
    -------
    float
        Standard deviation, in parameter units.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    diameter, number = 2 * positive("model_radius", model_radius), _steps(steps)
    one_shot, target = 1 / gaussian_dp.mu(epsilon, delta), math.log(delta)
    if number == 1:
        return diameter * one_shot

    def excess(log_noise: float) -> float:
        # Cut off, because far too much noise makes the logarithm -inf, which no root finder can step from.
        return max(_log_delta(epsilon, math.exp(-log_noise), number) - target, -1e3)

    high = math.log(one_shot)
    while excess(high - 1) < 0:
        high -= 1
    return diameter * math.exp(brentq(excess, high - 1, high, xtol=1e-14))


def steps(epsilon: float, delta: float, *, model_radius: float, sigma: float) -> int:
    """Return the least number of steps after which the budget is met.

    Raises
    ------
    ValueError
        A number is out of range, or the noise is so small that more than `MOST_STEPS` steps would be needed.
    """
    target = math.log(probability("delta", delta))
    mu = 2 * positive("model_radius", model_radius) / positive("sigma", sigma)
    for number, log_delta in enumerate(islice(_log_deltas(epsilon, mu), MOST_STEPS), start=1):
        if log_delta <= target:
            return number
    raise ValueError(
        f"More than {MOST_STEPS} steps would be needed at sigma {sigma} and model_radius {model_radius}: "
        "raise sigma or lower model_radius."
    )


def delta(epsilon: float, *, model_radius: float, sigma: float, steps: int) -> float:
    """Return the delta that is reached after the given number of steps.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    mu = 2 * positive("model_radius", model_radius) / positive("sigma", sigma)
    return math.exp(_log_delta(epsilon, mu, _steps(steps)))


def _steps(steps: int) -> int:
    number = count("steps", steps)
    if number > MOST_STEPS:
        raise ValueError(f"steps must be {MOST_STEPS} or fewer, but it is {steps}.")
    return number


def _log_delta(epsilon: float, mu: float, steps: int) -> float:
    return next(islice(_log_deltas(epsilon, mu), steps - 1, None))


def _log_deltas(epsilon: float, mu: float) -> Iterator[float]:
    """Yield the logarithm of delta after 1, 2, ... steps."""
    # log(e^epsilon - 1), without forming e^epsilon
    log_excess = epsilon + math.log(-math.expm1(-epsilon)) if non_negative("epsilon", epsilon) else -math.inf
    log_delta = 0.0
    while not math.isinf(log_delta):
        ratio = log_excess - log_delta
        inflated = max(ratio, 0.0) + math.log1p(math.exp(-abs(ratio)))
        log_delta += gaussian_dp.log_delta(inflated, mu)
        yield log_delta
    yield from repeat(log_delta)
