"""In which order cases are gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from napari_unlearn.data.dataset import Dataset


def in_order(dataset: Dataset) -> tuple[str, ...]:
    """Identifiers of all cases, training cases first: they are the ones to refine."""
    splits = {name: place for place, name in enumerate(dataset.splits)}
    cases = sorted(dataset.cases, key=lambda case: (splits.get(case.split or "", len(splits)), case.id))
    return tuple(case.id for case in cases)


def neighbour(ids: Sequence[str], here: str | None, distance: int) -> str | None:
    """Identifier of the case `distance` places on, None at either end.

    Parameters
    ----------
    ids : sequence of str
        The order.
    here : str or None
        The case in hand.
    distance : int
        +1 or -1.

    Returns
    -------
    str or None
    """
    there = (-1 if here is None else ids.index(here)) + distance
    return ids[there] if 0 <= there < len(ids) else None


def onward(ids: Sequence[str], here: str | None, wanted: Callable[[str], bool]) -> Iterator[str]:
    """Identifiers of all cases that are wanted, from the next one on, once round.

    Parameters
    ----------
    ids : sequence of str
        The order.
    here : str or None
        The case in hand, which comes last.
    wanted : callable
        Pass over cases that are not.

    Returns
    -------
    iterator of str
    """
    first = 0 if here is None else ids.index(here) + 1
    return (case_id for case_id in (*ids[first:], *ids[:first]) if wanted(case_id))
