"""From a request to the settings of its operator, or to the sentence that says what cannot be."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from napari_unlearn.errors import UserError
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings

if TYPE_CHECKING:
    from napari_unlearn.jobs.unlearn import UnlearnRequest


def chosen_settings(operator: OperatorInfo, request: UnlearnRequest) -> Settings:
    """Check a request and make the settings of its operator.

    Parameters
    ----------
    operator : OperatorInfo
        The one that is asked for.
    request : UnlearnRequest
        What was chosen.

    Returns
    -------
    Settings
        The defaults, with the numbers of the request.

    Raises
    ------
    UserError
        A number is unknown or out of range, or two choices contradict each other.
    """
    defaults = dataclasses.asdict(operator.settings())
    unknown = sorted(set(request.settings) - set(defaults))
    if unknown:
        raise UserError(f"{operator.name} has no setting {unknown[0]}; it has {', '.join(defaults)}.")
    if request.counterfactual < 0:
        raise UserError(f"The number of counterfactual cases must not be negative, as {request.counterfactual} is.")
    if request.keep_coarse and request.forget_cases is None:
        raise UserError(
            "Coarse labels can be kept only where whole cases are forgotten; say which with --forget-cases."
        )
    if request.seed < 0:
        raise UserError(f"The seed must not be negative, as {request.seed} is.")
    if operator.uses_budget and not (0 < request.epsilon < math.inf and 0 < request.delta < 1):
        raise UserError(
            f"A certificate needs epsilon above 0 and delta between 0 and 1, not {request.epsilon} and {request.delta}."
        )
    chosen = {}
    for name, value in request.settings.items():
        if isinstance(defaults[name], int) and not float(value).is_integer():
            raise UserError(f"{name} must be a whole number, not {value}.")
        chosen[name] = type(defaults[name])(value)
    try:
        return operator.settings(**chosen)
    except ValueError as error:
        raise UserError(str(error)) from error
