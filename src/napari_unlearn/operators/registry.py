"""The list of operators, in the order of their guarantee. Imports no torch; an operator is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from napari_unlearn.errors import UserError
from napari_unlearn.operators.catalogue import OPERATORS
from napari_unlearn.operators.info import OperatorInfo

if TYPE_CHECKING:
    from napari_unlearn.operators.protocol import Operator


def available() -> tuple[OperatorInfo, ...]:
    """Every operator, strongest guarantee first.

    Returns
    -------
    tuple of OperatorInfo
    """
    return OPERATORS


def info(name: str) -> OperatorInfo:
    """Look an operator up.

    Parameters
    ----------
    name : str
        As the command line spells it.

    Returns
    -------
    OperatorInfo

    Raises
    ------
    UserError
        There is no such operator.
    """
    for entry in OPERATORS:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in OPERATORS)
    raise UserError(f"There is no operator '{name}'; choose one of {known}.")


def load(name: str) -> Operator:
    """Import an operator.

    Parameters
    ----------
    name : str
        As the command line spells it.

    Returns
    -------
    Operator

    Raises
    ------
    UserError
        There is no such operator.
    """
    operator: Operator = import_module(info(name).module).operator
    return operator
