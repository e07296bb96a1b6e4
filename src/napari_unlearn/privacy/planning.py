"""Which numbers spend a budget with the least damage, for the mechanisms that hide a model in a ball.

A model of d weights lies within the radius R of a public centre. After the noisy phase part of its displacement is left
(the signal) and every weight carries noise. Damage is the root mean square distance from the model in use over R, at
the rim of the ball: 0 is an untouched model, 1 is what the public centre does, beyond 1 noise does more harm than
forgetting everything. Derived here: by the exact accounting a run whose signal is c0 r^T and whose clipped steps can
travel G = gamma C1 (1 + r + ... + r^(T-1)) ends with the noise 2 (c0 r^T + G) / mu(epsilon, delta) on every weight,
however many steps there are and however the noise is spread over them. With q = 4 d / mu^2 and G = (m - 1) c0 r^T,
damage^2 = (1 - a)^2 + q m^2 a^2 for the share a = c0 r^T / R that survives, least at::

    a = 1 / (1 + q m^2),   damage = sqrt(q) m / sqrt(1 + q m^2) < 1

Whether that share comes from a small first clip or from decay makes no difference to the noise, but a model shorter
than R keeps more of itself under the clip, so the plan without decay comes first where both are equal. Steps that learn
within the noise (m > 1) always cost noise; what is learned afterwards costs none.

Nothing here depends on labels: budget, number of weights and a radius that is fixed beforehand decide everything. So a
plan costs no budget, as a radius or a number of steps tuned on the model in use or on forgotten labels would.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from napari_unlearn.privacy import gaussian_dp, gradient_clipping, model_clipping, output_perturbation
from napari_unlearn.privacy.ranges import count, non_negative, positive
from napari_unlearn.privacy.series import geometric_sum

LEARNING = 0.5
"""Share of the distance to be hidden that goes to learning within the noise; the rest is what survives."""

_GENTLE = math.log(2)  # no step should shrink a model to less than half, or its gradient belongs to another model


@dataclass(frozen=True)
class Plan:
    """Numbers of a mechanism and what they do to a model.

    Attributes
    ----------
    mechanism : str
        As certificates name it.
    numbers : mapping of str to float
        Radii, step size, steps and decay, by the names that the mechanism's module uses.
    sigma : float
        Noise per weight and step, parameter units.
    noise : float
        Standard deviation of the noise on every weight at the end, parameter units.
    noise_norm : float
        Its norm over all weights, noise * sqrt(d).
    signal : float
        Norm of what is left of a model at the rim of the ball, parameter units.
    survival : float
        The same as a share of the radius, 0 to 1.
    damage : float
        Root mean square distance from the model in use, as a share of the radius.
    mu : float
        Gaussian DP of the budget.
    """

    mechanism: str
    numbers: Mapping[str, float]
    sigma: float
    noise: float
    noise_norm: float
    signal: float
    survival: float
    damage: float
    mu: float


def plans(
    epsilon: float,
    delta: float,
    *,
    dimension: int,
    radius: float,
    step_size: float,
    steps: tuple[int, int] = (10, 50),
    learning: float = LEARNING,
) -> tuple[Plan, ...]:
    """Plan every mechanism, least damage first.

    Parameters
    ----------
    epsilon, delta
        Budget, epsilon 0 or more and delta strictly between 0 and 1.
    dimension
        d, number of weights that are hidden, 1 or more.
    radius
        R, parameter units, larger than 0; fixed beforehand and never measured on the model in use.
    step_size
        gamma of the steps, larger than 0. Only its products with gradient radius and decay matter to the noise, so
        choose what suits the loss, for example one over its largest curvature.
    steps
        Fewest and most noisy steps.
    learning
        Share of the hidden distance that clipped steps may travel, 0 or more and below 1.

    Returns
    -------
    tuple of Plan
        Output perturbation, gradient clipping without and with decay, model clipping.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    clipped = [
        plan_gradient_clipping(
            epsilon,
            delta,
            dimension=dimension,
            radius=radius,
            step_size=step_size,
            steps=steps,
            learning=learning,
            decay=decay,
        )
        for decay in (False, True)
    ]
    made = (
        plan_output_perturbation(epsilon, delta, dimension=dimension, radius=radius),
        *clipped,
        plan_model_clipping(epsilon, delta, dimension=dimension, radius=radius, most_steps=steps[1]),
    )
    # Rounded, so that equals stay in the order in which they are listed.
    return tuple(sorted(made, key=lambda plan: float(f"{plan.damage:.9g}")))


def plan_output_perturbation(epsilon: float, delta: float, *, dimension: int, radius: float) -> Plan:
    """Choose the radius to clip to; parameters as for `plans`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    mu, squared = _squared_noise(epsilon, delta, dimension)
    clip = positive("radius", radius) / (1 + squared)
    sigma = output_perturbation.sigma(epsilon, delta, radius=clip)
    return _plan("output-perturbation", {"radius": clip}, sigma, sigma, clip, dimension, radius, mu)


def plan_gradient_clipping(
    epsilon: float,
    delta: float,
    *,
    dimension: int,
    radius: float,
    step_size: float,
    steps: tuple[int, int] = (10, 50),
    learning: float = LEARNING,
    decay: bool = False,
) -> Plan:
    """Choose radii, steps and decay; parameters as for `plans`.

    Parameters
    ----------
    epsilon, delta, dimension, radius, step_size, steps, learning
        As for `plans`.
    decay
        Whether the model is shrunk step by step instead of by a small first clip.

    Returns
    -------
    Plan
        The noise does not depend on the number of steps: it is the fewest allowed, or with decay the fewest of which
        none more than halves the model, if that many are allowed.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    reach, least, most = positive("radius", radius), count("steps", steps[0]), count("steps", steps[1])
    gamma, share = positive("step_size", step_size), non_negative("learning", learning)
    if share >= 1:
        raise ValueError(f"learning must be smaller than 1, or nothing of the model could survive, but it is {share}.")
    if least > most:
        raise ValueError(f"The fewest steps must not exceed the most, but they are {least} and {most}.")
    mu, squared = _squared_noise(epsilon, delta, dimension)
    spread = 1 / (1 - share)
    survival = 1 / (1 + squared * spread**2)
    number, log_ratio, initial, pull = least, 0.0, survival * reach, 0.0
    if decay:
        number = min(most, max(least, math.ceil(-math.log(survival) / _GENTLE)))
        log_ratio, initial = math.log(survival) / number, reach
        pull = -math.expm1(log_ratio) / gamma
    travel = (spread - 1) * survival * reach
    numbers = {
        "initial_radius": initial,
        "gradient_radius": travel / (gamma * geometric_sum(log_ratio, number)),
        "step_size": gamma,
        "decay": pull,
        "steps": number,
    }
    sigma = gradient_clipping.sigma(
        epsilon,
        delta,
        initial_radius=initial,
        gradient_radius=numbers["gradient_radius"],
        step_size=gamma,
        steps=number,
        decay=pull,
    )
    noise = sigma * math.sqrt(geometric_sum(2 * log_ratio, number))
    return _plan("gradient-clipping", numbers, sigma, noise, survival * reach, dimension, reach, mu)


def plan_model_clipping(epsilon: float, delta: float, *, dimension: int, radius: float, most_steps: int = 50) -> Plan:
    """Choose radius and steps, by going through all numbers of steps; parameters as for `plans`.

    Every clip after the first one shortens signal and earlier noise together, to C2 over the norm of both. That norm
    is taken as its root mean square, which is exact in the limit of many weights; the certified noise is exact always.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    reach, most = positive("radius", radius), count("most_steps", most_steps)
    mu, _ = _squared_noise(epsilon, delta, dimension)
    best: Plan | None = None
    for number in range(1, most + 1):
        unit = model_clipping.sigma(epsilon, delta, model_radius=1.0, steps=number)
        signal, variance = _clipped_again(unit, number, dimension)
        energy = dimension * variance
        clip = reach * min(1.0, signal / (signal**2 + energy))
        numbers = {"model_radius": clip, "steps": number}
        noise = clip * math.sqrt(variance)
        made = _plan("model-clipping", numbers, clip * unit, noise, clip * signal, dimension, reach, mu)
        if best is None or made.damage < best.damage * (1 - 1e-12):
            best = made
    assert best is not None
    return best


def _clipped_again(sigma: float, steps: int, dimension: int) -> tuple[float, float]:
    """Return signal and variance of the noise after clips to radius 1 with noise between them, from the rim."""
    signal, variance = 1.0, sigma**2
    for _ in range(steps - 1):
        factor = min(1.0, (signal**2 + dimension * variance) ** -0.5)
        signal, variance = factor * signal, factor**2 * variance + sigma**2
    return signal, variance


def _squared_noise(epsilon: float, delta: float, dimension: int) -> tuple[float, float]:
    """Return mu of the budget, and q: the squared norm of the noise that hides two models 2 apart."""
    mu = gaussian_dp.mu(epsilon, delta)
    return mu, 4 * count("dimension", dimension) / mu**2


def _plan(
    mechanism: str,
    numbers: Mapping[str, float],
    sigma: float,
    noise: float,
    signal: float,
    dimension: int,
    radius: float,
    mu: float,
) -> Plan:
    norm = noise * math.sqrt(dimension)
    survival = signal / radius
    damage = math.hypot(1 - survival, norm / radius)
    return Plan(mechanism, numbers, sigma, noise, norm, signal, survival, damage, mu)
