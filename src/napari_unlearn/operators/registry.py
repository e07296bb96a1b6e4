"""The list of operators, in the order of their guarantee. Imports no torch; an operator is imported when it is used."""

from __future__ import annotations

import functools
from importlib import import_module
from typing import TYPE_CHECKING

from napari_unlearn.errors import UserError
from napari_unlearn.operators.catalogue import OPERATORS
from napari_unlearn.operators.foreign import LeftOut, discover
from napari_unlearn.operators.info import OperatorInfo

if TYPE_CHECKING:
    from napari_unlearn.operators.protocol import Operator

_BADGES = ("Exact", "Certified head", "Certified ball", "Empirical")


@functools.cache
def available() -> tuple[OperatorInfo, ...]:
    """Every operator, of this package and of others, strongest guarantee first.

    Returns
    -------
    tuple of OperatorInfo
        Among equals, those of this package come first.
    """
    return tuple(sorted((*OPERATORS, *discover()[0]), key=lambda entry: _BADGES.index(entry.badge)))


def left_out() -> tuple[LeftOut, ...]:
    """Operators of other packages that cannot be used.

    Returns
    -------
    tuple of LeftOut
        With the reason.
    """
    return discover()[1]


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
        There is no such operator, or it was left out.
    """
    for entry in available():
        if entry.name == name:
            return entry
    for missing in left_out():
        if missing.name == name:
            raise UserError(missing.reason)
    known = ", ".join(entry.name for entry in available())
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
        There is no such operator, or the package that it comes from cannot be used.
    """
    entry = info(name)
    try:
        operator: Operator = import_module(entry.module).operator
    except (ImportError, AttributeError) as error:
        if not entry.package:
            raise
        raise UserError(
            f"{entry.title} cannot be used: its module {entry.module} of {entry.package} could not be imported "
            f"({error}); repair or remove that package."
        ) from error
    return operator
