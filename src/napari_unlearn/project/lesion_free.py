"""Which cases show no lesion in their coarse mask, as far as somebody has looked: nothing of them can be refined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from psygnal import Signal

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError


class LesionFree:
    """What is known about the cases of a data set; ``case_id in lesion_free`` only where the mask is known empty."""

    found = Signal(tuple)  # identifiers of cases that are now known to show none and were not before

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def __contains__(self, case_id: object) -> bool:
        return isinstance(case_id, str) and self._known.get(case_id, False)

    def knows(self, case_id: str) -> bool:
        """Whether somebody has looked at the coarse mask of a case."""
        return case_id in self._known

    def note(self, found: Mapping[str, bool]) -> None:
        """Remember what was found.

        Parameters
        ----------
        found : mapping of str to bool
            Whether the coarse mask of a case shows no lesion, by its id, as `look` finds it.
        """
        new = tuple(case_id for case_id, free in found.items() if free and case_id not in self)
        self._known.update(found)
        if new:
            self.found.emit(new)


def look(cases: Iterable[Case]) -> dict[str, bool]:
    """Look at coarse masks until one shows a lesion.

    Parameters
    ----------
    cases : iterable of Case
        In the order in which to look.

    Returns
    -------
    dict of str to bool
        Whether the coarse mask shows no lesion, by the id of the case, for those that were looked at; the last one
        shows a lesion, if any does. A mask that cannot be read counts as one with a lesion: opening it says why.
    """
    found = {}
    for case in cases:
        try:
            found[case.id] = not case.coarse().any()
        except UserError:
            found[case.id] = False
        if not found[case.id]:
            break
    return found
