"""From a budget and a model to the settings with which an operator spends it best. Imports no torch.

What is chosen depends on the shape of the head, on its strength and on the budget. No head that was fitted with that
strength can be longer than the radius taken here: at the minimum strength / 2 |W|^2 is at most the objective of the
zero head, ln(K + 1). So no label has a say in any of the numbers, and choosing them costs no budget.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from napari_unlearn.errors import UserError
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.planning import (
    Plan,
    plan_gradient_clipping,
    plan_model_clipping,
    plan_output_perturbation,
)

PLANNED = ("gradient-clipping", "model-clipping", "output-perturbation")
"""Operators that have numbers to choose."""


FINETUNE = 7
"""Newton steps after the noise, which cost no budget; a head is at its minimum for practical purposes then."""


def head_radius(classes: int, strength: float) -> float:
    """Largest norm of a head that minimises its objective, from the objective alone.

    Parameters
    ----------
    classes : int
        K + 1, background included.
    strength : float
        Strong convexity of the objective, larger than 0.

    Returns
    -------
    float
        sqrt(2 ln(K + 1) / strength).
    """
    return math.sqrt(2 * math.log(classes) / strength)


def head_step_size(width: int, strength: float) -> float:
    """Step that cannot overshoot: one over a bound on the curvature.

    The softmax Hessian is at most half the second moment of the features (Boehning 1992), which are standardised, so
    that its trace is their number.

    Parameters
    ----------
    width : int
        F + 1, the constant included.
    strength : float
        Strong convexity of the objective.

    Returns
    -------
    float
    """
    return 1 / (width / 2 + strength)


def plan_for(
    operator: OperatorInfo, epsilon: float, delta: float, shape: tuple[int, int], strength: float
) -> Plan | None:
    """Plan an operator for a head.

    Parameters
    ----------
    operator : OperatorInfo
        Any.
    epsilon, delta : float
        Budget.
    shape : tuple of int
        (K + 1, F + 1).
    strength : float
        Strong convexity of the objective.

    Returns
    -------
    Plan or None
        None for an operator that has nothing to choose.

    Raises
    ------
    UserError
        The budget is out of range.
    """
    if operator.name not in PLANNED:
        return None
    dimension, radius = shape[0] * shape[1], head_radius(shape[0], strength)
    step_size = head_step_size(shape[1], strength)
    try:
        match operator.name:
            case "output-perturbation":
                plan = plan_output_perturbation(epsilon, delta, dimension=dimension, radius=radius)
            case "model-clipping":
                plan = plan_model_clipping(epsilon, delta, dimension=dimension, radius=radius)
            case _:
                plan = plan_gradient_clipping(epsilon, delta, dimension=dimension, radius=radius, step_size=step_size)
    except ValueError as error:
        raise UserError(f"No plan can be made: {error}") from error
    free = {"step_size": step_size, "finetune": FINETUNE}
    return dataclasses.replace(
        plan, numbers={**plan.numbers, **{name: free[name] for name in free if name in operator.parameters}}
    )


def with_numbers(kind: type[Settings], *numbers: Mapping[str, float]) -> Settings:
    """Make settings, later numbers winning over earlier ones; names that the settings lack are left out.

    Parameters
    ----------
    kind : type of Settings
        Which settings.
    *numbers : mapping of str to float
        From the plan, then from the user.

    Returns
    -------
    Settings

    Raises
    ------
    UserError
        A number is out of range.
    """
    defaults = dataclasses.asdict(kind())
    merged = {name: value for part in numbers for name, value in part.items() if name in defaults}
    try:
        return kind(**{name: type(defaults[name])(value) for name, value in merged.items()})
    except ValueError as error:
        raise UserError(str(error)) from error
