"""How well the pooled score of a case tells its diagnosis, and how far a shortcut carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from napari_unlearn.evaluation.delong import placements

Value = TypeVar("Value")


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """Area under the receiver operating characteristic: the chance that a positive case scores above a negative one.

    Parameters
    ----------
    scores : sequence of float
        One a case.
    positive : sequence of bool
        Whether the case has the diagnosis.

    Returns
    -------
    float or None
        Between 0 and 1; None if one of the groups is empty.

    Examples
    --------
    >>> auroc([0.1, 0.4, 0.35, 0.8], [False, False, True, True])
    0.75
    """
    area = placements(scores, positive)
    return None if area is None else area.value


def shortcut_gap(aurocs: dict[str, float | None]) -> float | None:
    """AUROC where shortcut and diagnosis agree minus AUROC where they conflict.

    Parameters
    ----------
    aurocs : dict of str to float
        By name of the split; the splits meant are those whose names end in ``aligned`` and ``conflicting``.

    Returns
    -------
    float or None
        None where one of the two is missing.
    """
    aligned, conflicting = split_ending(aurocs, "aligned"), split_ending(aurocs, "conflicting")
    return None if aligned is None or conflicting is None else aligned - conflicting


def split_ending(splits: Mapping[str, Value], ending: str) -> Value | None:
    """Return what belongs to the first split whose name ends so, capitals or not; None if there is none.

    Parameters
    ----------
    splits : mapping of str to object
        By name of the split.
    ending : str
        In small letters.

    Returns
    -------
    object or None
    """
    return next((value for name, value in splits.items() if name.lower().endswith(ending)), None)
