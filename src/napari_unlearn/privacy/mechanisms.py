"""The mechanisms that a certified run may name, and how each recomputes its noise from recorded parameters.

To add one, write its module of formulas and give it a row in `MECHANISMS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from napari_unlearn.privacy import gaussian_dp, gradient_clipping, model_clipping, output_perturbation, residual
from napari_unlearn.privacy.ranges import count, non_negative, positive

Parameters = Mapping[str, float]

RELATIVE_TOLERANCE = 1e-9
"""Numbers that differ by less differ by rounding only."""

EARLIER_MU = "earlier_mu"
"""Optional parameter of a mechanism that is Gaussian DP: the mu of all attempts before this one, composed.

Without it every attempt counts as if it had been made with the noise of this one.
"""


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
        if EARLIER_MU not in numbers:
            return gaussian_dp.gaussian_sigma(gaussian_dp.attempts(gap, attempts), epsilon, delta)
        # An attempt that cost nothing was none.
        in_range = positive if attempts > 1 else non_negative
        earlier, allowed = in_range(EARLIER_MU, numbers[EARLIER_MU]), gaussian_dp.mu(epsilon, delta)
        if earlier >= allowed:
            raise ValueError(f"earlier attempts alone have mu {earlier:g}, but the budget allows {allowed:g}.")
        return gap / math.sqrt((allowed - earlier) * (allowed + earlier))

    def mu(numbers: Parameters) -> float:
        return gaussian_dp.gaussian_mu(sensitivity(numbers), numbers["sigma"])

    return Mechanism(parameters, needed_sigma, mu, contradictions)


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
    )


def _clipped_model_sigma(parameters: Parameters, epsilon: float, delta: float, attempts: int) -> float:
    # Not Gaussian DP, so attempts share the budget: epsilons and deltas add up.
    return model_clipping.sigma(
        epsilon / attempts,
        delta / attempts,
        model_radius=parameters["model_radius"],
        steps=count("steps", parameters["steps"]),
    )


MECHANISMS: Mapping[str, Mechanism] = {
    "residual": _gaussian(
        _residual_sensitivity,
        ("residual_bound", "strong_convexity", "sensitivity"),
        contradictions=_residual_contradictions,
    ),
    "gradient-clipping": _gaussian(
        _clipped_steps_sensitivity,
        ("initial_radius", "gradient_radius", "step_size", "steps", "decay"),
    ),
    "output-perturbation": _gaussian(
        lambda parameters: output_perturbation.sensitivity(radius=parameters["radius"]),
        ("radius",),
    ),
    "model-clipping": Mechanism(
        parameters=("model_radius", "steps"),
        needed_sigma=_clipped_model_sigma,
        mu=lambda _: None,
        contradictions=lambda _: [],
    ),
}
"""What a certified run may name as its mechanism."""
