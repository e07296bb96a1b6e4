"""Cases chosen by what the table says about them: a device, a site, a range of dates, a withdrawn consent.

    site = Vienna
    device = HX-20 and acquired < 2019-07-01
    consent = withdrawn or id = case_0007

A condition is a column, a comparison and a value; `and` binds more closely than `or`. Nothing is evaluated: the text is
taken apart here, so a criterion from a stranger can do no harm.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError

_CONDITION = re.compile(r"\s*(.+?)\s*(<=|>=|!=|==|=|<|>)\s*(.*?)\s*")
_QUOTES = "\"'"
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Value = str | float | date


@dataclass(frozen=True)
class Condition:
    """One comparison.

    Attributes
    ----------
    column : str
        ``id``, ``split``, ``diagnosis``, or any further column of the table.
    comparison : str
        ``=``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``.
    value : str
        What is compared with, as it was written.
    """

    column: str
    comparison: str
    value: str

    def holds(self, case: Case) -> bool:
        """Whether it is true of a case; a cell that is empty or missing is in no order with anything.

        Raises
        ------
        UserError
            The cell and the value cannot be put in order, since one is no number and no date.
        """
        cell = _cell(case, self.column) or ""
        if self.comparison in ("=", "!="):
            return (cell.casefold() == self.value.casefold()) is (self.comparison == "=")
        if not cell:
            return False
        mine, theirs = _ordered(cell), _ordered(self.value)
        if type(mine) is not type(theirs) or isinstance(mine, str):
            raise UserError(
                f"Case {case.id} has {cell!r} in the column {self.column}, which is neither before nor after "
                f"{self.value!r}: compare numbers with numbers, and dates written as 2021-03-31 with such dates."
            )
        return _ORDERS[self.comparison](mine, theirs)


@dataclass(frozen=True)
class Criterion:
    """Conditions of which one group must hold altogether.

    Attributes
    ----------
    text : str
        As it was written.
    groups : tuple of tuple of Condition
        Joined by `or`; inside a group by `and`.
    """

    text: str
    groups: tuple[tuple[Condition, ...], ...]

    def holds(self, case: Case) -> bool:
        """Whether the criterion picks a case."""
        return any(all(condition.holds(case) for condition in group) for group in self.groups)


def parse_criterion(text: str) -> Criterion:
    """Take a criterion apart.

    Parameters
    ----------
    text : str
        Such as ``device = HX-20 and acquired < 2019-07-01``. Values in quotes may hold the words and, or.

    Returns
    -------
    Criterion

    Raises
    ------
    UserError
        A condition is not a column, a comparison and a value.
    """
    groups = tuple(tuple(_condition(part, text) for part in _split(group, "and")) for group in _split(text, "or"))
    return Criterion(text.strip(), groups)


def matching(cases: Sequence[Case], criterion: Criterion) -> tuple[Case, ...]:
    """Cases that a criterion picks.

    Parameters
    ----------
    cases : sequence of Case
        To choose from.
    criterion : Criterion
        How.

    Returns
    -------
    tuple of Case
        In their order.

    Raises
    ------
    UserError
        A column does not exist, no case is picked, or a comparison makes no sense.
    """
    known = columns(cases)
    for condition in (condition for group in criterion.groups for condition in group):
        if condition.column not in known:
            raise UserError(
                f"The table has no column '{condition.column}' to choose cases by; it has: {', '.join(known)}."
            )
    found = tuple(case for case in cases if criterion.holds(case))
    if not found:
        raise UserError(f"No case fits '{criterion.text}', so there is nothing to forget; check column and value.")
    return found


def chosen_cases(cases: Sequence[Case], criterion: str) -> tuple[tuple[Case, ...], list[Case]]:
    """Choose training cases to forget whole.

    Parameters
    ----------
    cases : sequence of Case
        Training cases.
    criterion : str
        See `parse_criterion`.

    Returns
    -------
    chosen : tuple of Case
        Those that fit and have a mask, in their order.
    rest : list of Case
        Those that do not fit, in their order.

    Raises
    ------
    UserError
        The criterion is not understood, picks no case that has a mask, or leaves none.
    """
    found = matching(cases, parse_criterion(criterion))
    chosen = tuple(case for case in found if case.coarse_path is not None or case.fine_path is not None)
    if not chosen:
        raise UserError(
            f"None of the {len(found)} training cases that fit '{criterion}' has a mask, so the model learned nothing "
            "from them and there is nothing to forget."
        )
    ids = {case.id for case in found}
    rest = [case for case in cases if case.id not in ids]
    if not any(case.coarse_path is not None for case in rest):
        raise UserError(
            f"No training case with a coarse mask is left once those that fit '{criterion}' are forgotten; choose a "
            "narrower criterion."
        )
    return chosen, rest


def columns(cases: Sequence[Case]) -> list[str]:
    """Names that a criterion may use for these cases, sorted."""
    return sorted({"id", "split", "diagnosis", *(name for case in cases for name in case.metadata)})


def _cell(case: Case, column: str) -> str | None:
    if column in ("id", "split", "diagnosis"):
        cell: str | None = getattr(case, column)
        return cell
    return case.metadata.get(column)


def _condition(part: str, text: str) -> Condition:
    found = _CONDITION.fullmatch(part)
    if found is None or not found[3]:
        raise UserError(
            f"'{part.strip()}' in '{text.strip()}' is no condition; write a column, a comparison and a value, such as "
            "device = HX-20 or acquired < 2019-07-01."
        )
    column, comparison, value = found.groups()
    return Condition(_bare(column), "=" if comparison == "==" else comparison, _bare(value))


def _split(text: str, word: str) -> list[str]:
    """Split at a word that stands outside quotes."""
    parts, start = [], 0
    for found in re.finditer(rf"\"[^\"]*\"|'[^']*'|\b{word}\b", text, re.IGNORECASE):
        if found[0][0] not in _QUOTES:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _bare(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES
    return text[1:-1] if quoted else text


def _ordered(text: str) -> Value:
    for kind in (float, date.fromisoformat):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
