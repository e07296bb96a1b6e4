"""For which operators and models a budget can be planned, and the numbers that a plan chooses for a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from napari_unlearn.errors import UserError
from napari_unlearn.files import parse_json
from napari_unlearn.operators.catalogue.certified_convex import BoundedSettings
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.planned import PLANNED, plan_for

if TYPE_CHECKING:
    from napari_unlearn.models.segmenter import HeadSegmenter


def obstacle(operator: OperatorInfo, head: bool) -> str:
    """Say why nothing can be tried beforehand, "" where it can.

    Parameters
    ----------
    operator : OperatorInfo
        What is to be tried.
    head : bool
        Whether the model in use is a head on a frozen encoder.

    Returns
    -------
    str
        One sentence.
    """
    if not operator.uses_budget:
        return f"{operator.title} spends no budget, so epsilon costs nothing there."
    if not head:
        return (
            "Only a head can be planned: the model in use is a U-Net, for whose weights no bound is known beforehand."
        )
    if issubclass(operator.settings, BoundedSettings):
        return (
            f"{operator.title} goes on with the training of the head in use, and no other head can stand in for that "
            "one, so nothing can be tried beforehand; choose another operator to plan."
        )
    return ""


def plannable(model: Path, operator: str) -> bool:
    """Whether a plan can be made, without loading the model.

    Parameters
    ----------
    model : Path
        A model folder.
    operator : str
        Name in the registry.

    Returns
    -------
    bool
        True for an operator of the ball and a model with a head.
    """
    card = parse_json((model / "model.json").read_text(encoding="utf-8"))
    return operator in PLANNED and card["kind"] == "head"


def planned_numbers(
    model: Path, operator: OperatorInfo, epsilon: float, delta: float, given: Mapping[str, float]
) -> dict[str, float]:
    """Settings with which an operator spends a budget best on a model.

    Parameters
    ----------
    model : Path
        The model in use; only the shape of its head is looked at.
    operator : OperatorInfo
        Any.
    epsilon, delta : float
        Budget.
    given : mapping of str to float
        Settings that the user chose; they stay.

    Returns
    -------
    dict of str to float

    Raises
    ------
    UserError
        The operator has nothing to plan, or the model has no head.
    """
    if operator.name not in PLANNED:
        raise UserError(
            f"{operator.name} has no numbers that a plan could choose; leave --plan out, or choose one of "
            f"{', '.join(PLANNED)}."
        )
    shape = head_of(model, "cpu").head.weights.shape
    strength = float(given.get("strength", operator.settings().strength))
    plan = plan_for(operator, epsilon, delta, (shape[0], shape[1]), strength)
    assert plan is not None
    return {**plan.numbers, **given}


def head_of(model: Path, device: str) -> HeadSegmenter:
    """Load a model for which something can be planned.

    Parameters
    ----------
    model : Path
        A model folder.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Returns
    -------
    HeadSegmenter

    Raises
    ------
    UserError
        It is a U-Net.
    """
    from napari_unlearn.models.checkpoint import load_segmenter
    from napari_unlearn.models.device import find_device
    from napari_unlearn.models.segmenter import HeadSegmenter

    segmenter = load_segmenter(model, find_device(device))
    if not isinstance(segmenter, HeadSegmenter):
        raise UserError(
            f"{model} is a U-Net, for whose length no bound is known beforehand, so nothing can be planned; choose a "
            "model with a head, or run the operator with radii of your own."
        )
    return segmenter
