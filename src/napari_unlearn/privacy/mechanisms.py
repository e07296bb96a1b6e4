"""The mechanisms that a certified run may name, and how each recomputes its noise from recorded parameters.

To add one, write its module of formulas and give it a row in `MECHANISMS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from napari_unlearn.privacy import (
    blockwise,
    gaussian_dp,
    gradient_clipping,
    model_clipping,
    newton,
    output_perturbation,
    pnsgd,
    residual,
)
from napari_unlearn.privacy.ranges import count, non_negative, positive

Parameters = Mapping[str, float]

RELATIVE_TOLERANCE = 1e-9
"""Numbers that differ by less differ by rounding only."""

EARLIER_MU = "earlier_mu"
"""Optional parameter of a mechanism that is Gaussian DP: the mu of all attempts before this one, composed.

Without it every attempt counts as if it had been made with the noise of this one.
"""

EARLIER_EPSILON, EARLIER_DELTA = "earlier_epsilon", "earlier_delta"
"""Optional parameters: what earlier attempts cost that cannot be composed by a mu; epsilons and deltas add up."""


@dataclass(frozen=True)
class Mechanism:
    """How the numbers of one mechanism are checked.

    Attributes
    ----------
    parameters
        What a certificate must record to recompute sigma, besides sigma itself.
    needed_sigma
        From parameters, epsilon, delta and attempts: the least noise with which that many attempts meet the budget.
    mu
        From parameters: mu of one attempt with the recorded sigma, None for a mechanism that is not Gaussian DP.
    contradictions
        From parameters: a sentence for every number that contradicts another.
    """

    parameters: tuple[str, ...]
    needed_sigma: Callable[[Parameters, float, float, int], float]
    mu: Callable[[Parameters], float | None]
    contradictions: Callable[[Parameters], list[str]]


def _gaussian(
    sensitivity: Callable[[Parameters], float],
    parameters: tuple[str, ...],
    contradictions: Callable[[Parameters], list[str]] = lambda _: [],
) -> Mechanism:
    """Return a mechanism that amounts to one Gaussian mechanism of this sensitivity."""

    def needed_sigma(numbers: Parameters, epsilon: float, delta: float, attempts: int) -> float:
        gap = sensitivity(numbers)
        if EARLIER_MU not in numbers and EARLIER_EPSILON not in numbers:
            return gaussian_dp.gaussian_sigma(gaussian_dp.attempts(gap, attempts), epsilon, delta)
        # An attempt that cost nothing was none.
        in_range = positive if attempts > 1 and EARLIER_EPSILON not in numbers else non_negative
        epsilon, delta = _left(numbers, epsilon, delta)
        earlier, allowed = in_range(EARLIER_MU, numbers.get(EARLIER_MU, 0.0)), gaussian_dp.mu(epsilon, delta)
        if earlier >= allowed:
            raise ValueError(f"earlier attempts alone have mu {earlier:g}, but the budget allows {allowed:g}.")
        return gap / math.sqrt((allowed - earlier) * (allowed + earlier))

    def mu(numbers: Parameters) -> float:
        return gaussian_dp.gaussian_mu(sensitivity(numbers), numbers["sigma"])

    return Mechanism(parameters, needed_sigma, mu, contradictions)


def _left(numbers: Parameters, epsilon: float, delta: float) -> tuple[float, float]:
    """Return what earlier attempts with an epsilon and a delta of their own leave of a budget."""
    if EARLIER_EPSILON not in numbers:
        return epsilon, delta
    spent = (
        non_negative(EARLIER_EPSILON, numbers[EARLIER_EPSILON]),
        positive(EARLIER_DELTA, numbers.get(EARLIER_DELTA, 0.0)),
    )
    if spent[0] >= epsilon or spent[1] >= delta:
        raise ValueError(
            f"earlier attempts alone cost epsilon {spent[0]:g} and delta {spent[1]:g}, but the budget allows "
            f"{epsilon:g} and {delta:g}."
        )
    return epsilon - spent[0], delta - spent[1]


def _residual_sensitivity(parameters: Parameters) -> float:
    # The run is compared with the same operator on a model that never saw the forgotten data. Both stop within the
    # bound, not at the exact minimiser, so the two can be twice the distance apart.
    return residual.sensitivity(
        residual=parameters["residual_bound"], strong_convexity=parameters["strong_convexity"], approximate_runs=2
    )


def _residual_contradictions(parameters: Parameters) -> list[str]:
    # The residual that was reached depends on the start, which the noise does not hide in it: only the bound, without
    # which the run is refused, is told.
    stated, needed = parameters["sensitivity"], _residual_sensitivity(parameters)
    if math.isclose(stated, needed, rel_tol=RELATIVE_TOLERANCE):
        return []
    return [
        f"The sensitivity is recorded as {stated:g}, but twice the residual bound divided by the strong convexity is "
        f"{needed:g}."
    ]


def _clipped_steps_sensitivity(parameters: Parameters) -> float:
    return gradient_clipping.sensitivity(
        initial_radius=parameters["initial_radius"],
        gradient_radius=parameters["gradient_radius"],
        step_size=parameters["step_size"],
        steps=count("steps", parameters["steps"]),
        decay=parameters["decay"],
        decreasing=_flag("schedule", parameters["schedule"]),
    )


def _flag(name: str, value: float) -> bool:
    if value not in (0, 1):
        raise ValueError(f"{name} must be 0 or 1, but it is {value}.")
    return value == 1


def _blocks_sensitivity(parameters: Parameters) -> float:
    return blockwise.sensitivity(
        initial_radius=parameters["initial_radius"],
        gradient_radius=parameters["gradient_radius"],
        step_size=parameters["step_size"],
        steps=count("steps", parameters["steps"]),
        decay=parameters["decay"],
        blocks=count("blocks", parameters["blocks"]),
    )


def _clipped_model_sigma(parameters: Parameters, epsilon: float, delta: float, attempts: int) -> float:
    # Not Gaussian DP, so attempts share the budget: epsilons and deltas add up.
    share = 1 if EARLIER_EPSILON in parameters else attempts
    epsilon, delta = _left(parameters, epsilon, delta)
    return model_clipping.sigma(
        epsilon / share,
        delta / share,
        model_radius=parameters["model_radius"],
        steps=count("steps", parameters["steps"]),
    )


def _clipped_model_contradictions(parameters: Parameters) -> list[str]:
    stated = parameters["attempt_delta"]
    reached = model_clipping.delta(
        parameters["attempt_epsilon"],
        model_radius=parameters["model_radius"],
        sigma=parameters["sigma"],
        steps=count("steps", parameters["steps"]),
    )
    if math.isclose(stated, reached, rel_tol=RELATIVE_TOLERANCE):
        return []
    return [
        f"This attempt is said to have delta {stated:g} at epsilon {parameters['attempt_epsilon']:g}, but its numbers "
        f"give {reached:g}."
    ]


_NOISY_STEPS = ("step_size", "strong_convexity", "n", "batch_size")


def _noisy_epochs_sensitivity(parameters: Parameters) -> float:
    update = {name: parameters[name] for name in _NOISY_STEPS}
    return pnsgd.mu(distance=parameters["distance"], sigma=1.0, epochs=parameters["epochs"], **update)


def _noisy_epochs_contradictions(parameters: Parameters) -> list[str]:
    images, composed = parameters["images"], parameters.get("composed", 0)
    fresh = pnsgd.relabelled_distance(
        **{name: parameters[name] for name in ("feature_radius", "strong_convexity", "projection_radius")}
    )
    needed = pnsgd.next_distance(
        distance=parameters["earlier_distance"],
        epochs=parameters["earlier_epochs"],
        fresh_distance=fresh,
        projection_radius=parameters["projection_radius"],
        **{**{name: parameters[name] for name in _NOISY_STEPS}, "n": pnsgd.filled(images, parameters["batch_size"])},
    )
    if parameters.get("any_start"):
        needed = 2 * parameters["projection_radius"]
    failures = []
    if not math.isclose(parameters["distance"], needed, rel_tol=RELATIVE_TOLERANCE):
        failures.append(f"The distance is recorded as {parameters['distance']:g}, but its numbers give {needed:g}.")
    if not parameters["step_size"] * parameters["smoothness"] <= 1 + RELATIVE_TOLERANCE:
        failures.append(
            f"A step size of {parameters['step_size']:g} is too long for a smoothness of {parameters['smoothness']:g}."
        )
    filled = pnsgd.filled(images + count("composed", composed, least=0), parameters["batch_size"])
    if parameters["n"] != filled:
        failures.append(
            f"{images + composed:g} images in batches of {parameters['batch_size']:g} count as {filled}, not as "
            f"{parameters['n']:g}."
        )
    return failures


_RELABELLED = ("feature_radius", "strong_convexity", "drawn_pixels", "removed_pixels", "residual_bound")


def _newton_step_sensitivity(parameters: Parameters) -> float:
    return newton.relabelled_sensitivity(
        **{name: parameters[name] for name in _RELABELLED}, added_pixels=parameters.get("added_pixels", 0)
    )


def _newton_step_contradictions(parameters: Parameters) -> list[str]:
    stated, needed = parameters["sensitivity"], _newton_step_sensitivity(parameters)
    if math.isclose(stated, needed, rel_tol=RELATIVE_TOLERANCE):
        return []
    return [f"The sensitivity is recorded as {stated:g}, but its numbers give {needed:g}."]


MECHANISMS: Mapping[str, Mechanism] = {
    "residual": _gaussian(
        _residual_sensitivity,
        ("residual_bound", "strong_convexity", "sensitivity"),
        contradictions=_residual_contradictions,
    ),
    "gradient-clipping": _gaussian(
        _clipped_steps_sensitivity,
        ("initial_radius", "gradient_radius", "step_size", "steps", "decay", "schedule"),
    ),
    "blockwise": _gaussian(
        _blocks_sensitivity,
        ("initial_radius", "gradient_radius", "step_size", "steps", "decay", "blocks"),
    ),
    # Two runs together are as one whose noise is 1 and whose sensitivity is this (Dong, Roth and Su 2022, Cor. 3.3).
    "composition": _gaussian(
        lambda parameters: math.hypot(
            non_negative("first_mu", parameters["first_mu"]), non_negative("second_mu", parameters["second_mu"])
        ),
        ("first_mu", "second_mu"),
        contradictions=lambda parameters: (
            [] if parameters["sigma"] == 1 else ["The mu of two runs is counted in units of noise 1, no other."]
        ),
    ),
    "output-perturbation": _gaussian(
        lambda parameters: output_perturbation.sensitivity(radius=parameters["radius"]),
        ("radius",),
    ),
    "model-clipping": Mechanism(
        parameters=("model_radius", "steps", "attempt_epsilon", "attempt_delta"),
        needed_sigma=_clipped_model_sigma,
        mu=lambda _: None,
        contradictions=_clipped_model_contradictions,
    ),
    "pnsgd": _gaussian(
        _noisy_epochs_sensitivity,
        (
            *_NOISY_STEPS,
            "images",
            "smoothness",
            "feature_radius",
            "projection_radius",
            "earlier_distance",
            "earlier_epochs",
            "distance",
            "epochs",
        ),
        contradictions=_noisy_epochs_contradictions,
    ),
    "newton-step": _gaussian(
        _newton_step_sensitivity, (*_RELABELLED, "sensitivity"), contradictions=_newton_step_contradictions
    ),
}
"""What a certified run may name as its mechanism."""
