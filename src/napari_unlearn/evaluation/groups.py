"""AUROC within groups of cases: those with an artefact and those without, or those of each value of a column.

A model that leans on rulers ranks the cases with a ruler worse than the others, or the other way round, and the pooled
area hides it. An artefact is present where the metadata says so in a column of its name, else where the artefact map
shows it anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from napari_unlearn.data.artefacts import ARTEFACT_NAMES
from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation.delong import placements
from napari_unlearn.evaluation.interval import Measured

YES, NO = ("1", "true", "yes", "y", "present"), ("0", "false", "no", "n", "absent")
MOST_VALUES = 12


@dataclass(frozen=True)
class GroupAuroc:
    """How well diagnoses are told within one group.

    Attributes
    ----------
    group : str
        The artefact or column.
    value : str
        ``with`` or ``without`` for what is present or absent, else the value of the column.
    cases, positive : int
        How many there are, and how many of them have the diagnosis.
    auroc : Measured or None
        With its interval; None where it cannot be told.
    note : str
        Why it cannot be told, or what to bear in mind; empty if nothing.
    """

    group: str
    value: str
    cases: int
    positive: int
    auroc: Measured | None
    note: str

    def to_json(self) -> dict[str, Any]:
        """The attributes by name, the area and its interval as numbers."""
        area = {"value": None, "low": None, "high": None} if self.auroc is None else self.auroc.to_json()
        return {
            "group": self.group,
            "value": self.value,
            "cases": self.cases,
            "positive": self.positive,
            "auroc": area["value"],
            "low": area["low"],
            "high": area["high"],
            "note": self.note,
        }


def group_aurocs(
    cases: Sequence[Case],
    present: Sequence[frozenset[str] | None],
    scores: Sequence[float],
    positive: Sequence[bool],
    wanted: Sequence[str] = (),
) -> tuple[GroupAuroc, ...]:
    """Measure every group.

    Parameters
    ----------
    cases : sequence of Case
        All of them.
    present : sequence of frozenset of str or None
        Artefacts that the map of each case shows; None for a case without a map.
    scores : sequence of float
        One a case.
    positive : sequence of bool
        Whether the case has the diagnosis.
    wanted : sequence of str
        Artefacts and columns; by default every artefact that is known of some case.

    Returns
    -------
    tuple of GroupAuroc
        In this order.

    Raises
    ------
    UserError
        As `check_groups`.
    """
    check_groups(cases, wanted)
    result = []
    for name in wanted or tuple(ARTEFACT_NAMES.values()):
        values = [_value(case, shown, name) for case, shown in zip(cases, present, strict=True)]
        known = sorted({value for value in values if value is not None}, key=_order)
        for value in known:
            members = [i for i, other in enumerate(values) if other == value]
            result.append(_measure(name, value, [scores[i] for i in members], [positive[i] for i in members]))
    return tuple(result)


def check_groups(cases: Sequence[Case], wanted: Sequence[str]) -> None:
    """Refuse what no group can be made by, before anything is computed.

    Parameters
    ----------
    cases : sequence of Case
        All of them.
    wanted : sequence of str
        Artefacts and columns.

    Raises
    ------
    UserError
        Something wanted is neither a known artefact nor a column, or a column has too many values.
    """
    mapped = any(case.artefact_path is not None for case in cases)
    for name in wanted:
        values = {value for case in cases if (value := _value(case, None, name)) is not None}
        if not values and not (mapped and name_of_artefact(name)):
            raise UserError(_unknown(name, cases))
        if len(values) > MOST_VALUES:
            raise UserError(
                f"The column {name} has {len(values)} different values in these cases, too many for groups "
                f"({MOST_VALUES} at most); name a column with fewer, or write ranges into a new one."
            )


def _value(case: Case, shown: frozenset[str] | None, name: str) -> str | None:
    cell = next((text for key, text in case.metadata.items() if _plain(key) == _plain(name)), "").strip()
    if cell:
        lower = cell.lower()
        return "with" if lower in YES else "without" if lower in NO else cell
    if name_of_artefact(name) is None or shown is None:
        return None
    return "with" if name_of_artefact(name) in shown else "without"


def name_of_artefact(name: str) -> str | None:
    """Return how an artefact is called here, whatever spaces and capitals it was written with; None if it is none."""
    return next((known for known in ARTEFACT_NAMES.values() if _plain(known) == _plain(name)), None)


def _measure(group: str, value: str, scores: list[float], positive: list[bool]) -> GroupAuroc:
    count, marked = len(scores), sum(positive)
    area = placements(scores, positive)
    note = ""
    if area is None:
        note = f"{'All cases have' if marked else 'No case has'} the diagnosis: nothing to compare."
    elif min(marked, count - marked) < 2:
        note = "One case on one side: too few to tell."
    elif min(marked, count - marked) < 5:
        note = f"Only {min(marked, count - marked)} cases on one side: the number is rough."
    return GroupAuroc(group, value, count, marked, None if area is None else area.measured(), note)


def _unknown(name: str, cases: Sequence[Case]) -> str:
    columns = sorted({key for case in cases for key, text in case.metadata.items() if text.strip()})
    artefact = name_of_artefact(name)
    if artefact is not None:
        return (
            f"Nothing is known about {artefact} in these cases: they have no artefact maps, and metadata.csv has no "
            f"column {artefact}; add one of them, or leave {artefact} out of the groups."
        )
    return (
        f"There is no artefact and no column {name} to make groups by; the artefacts are "
        f"{', '.join(ARTEFACT_NAMES.values())}, and the columns are {', '.join(columns) or 'none'}."
    )


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _order(value: str) -> tuple[int, str]:
    return (0 if value == "with" else 1 if value == "without" else 2, value)
