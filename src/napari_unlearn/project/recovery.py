"""What a session that ended without closing has left in journals and not yet in mask files."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.project.case_work import CaseWork
from napari_unlearn.project.journal import SUFFIX, Reading, read_journal
from napari_unlearn.project.store import Store

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recovered:
    """What was found of one case.

    Attributes
    ----------
    case_id : str
        The case.
    steps : int
        Number of steps that were in its journal only.
    torn : bool
        Whether one more was being written when the program ended, which is lost.
    """

    case_id: str
    steps: int
    torn: bool


def unsettled(folder: Path) -> Iterator[str]:
    """Cases whose journal goes on after what it knows to be in the mask files.

    Parameters
    ----------
    folder : Path
        Where the journals are.

    Yields
    ------
    str
        Identifier of a case.

    Raises
    ------
    OSError
        A journal cannot be read.
    """
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        reading = read_journal(path)
        if reading.rest or _goes_on(reading):
            yield path.name.removesuffix(SUFFIX)


def unsettled_works(store: Store, dataset: Dataset) -> list[CaseWork]:
    """Read the cases whose journals have something to recover or to note, or end in a step that was never finished.

    Parameters
    ----------
    store : Store
        Where the journals are.
    dataset : Dataset
        A journal of a case that is no longer in it stays as it is.

    Returns
    -------
    list of CaseWork
    """
    works = []
    for case_id in unsettled(store.journals):
        try:
            work = store.read(dataset.case(case_id))
        except UserError as error:
            _LOG.warning("The journal of %s stays as it is: %s", case_id, error)
            continue
        if work.recovered or work.untold or work.torn:
            works.append(work)
    return works


def strange(work: CaseWork) -> list[tuple[str, str]]:
    """What somebody should know who takes a case in hand: for the trail, and as a sentence. Told once.

    Parameters
    ----------
    work : CaseWork
        The case.

    Returns
    -------
    list of tuple of str
    """
    told = []
    if work.outside:
        told.append(
            (
                "changed by another program",
                f"A mask of {work.case.id} was changed by another program since it was worked on here. That version "
                "is shown; Undo returns to the one before.",
            )
        )
    if work.damaged:
        told.append(
            (
                "damaged journal set aside",
                f"The journal of {work.case.id} was damaged; a copy of it is kept. The masks are as they were saved "
                "last, with what could be read of the journal.",
            )
        )
    work.outside = work.damaged = False
    return told


def sentence(recovered: tuple[Recovered, ...]) -> str:
    """Say what was recovered, "" where there was nothing.

    Parameters
    ----------
    recovered : tuple of Recovered
        What was found.

    Returns
    -------
    str
    """
    if not recovered:
        return ""
    parts = [
        f"{entry.case_id} ({entry.steps} step{'' if entry.steps == 1 else 's'})" for entry in recovered if entry.steps
    ]
    lost = [entry.case_id for entry in recovered if entry.torn]
    text = "The last session ended without closing this folder."
    if parts:
        text += f" What it had not saved was recovered from its journal: {', '.join(parts)}."
    if lost:
        text += f" The stroke under way was lost on {', '.join(lost)}."
    return text


def _goes_on(reading: Reading) -> bool:
    marks: dict[str, int] = {}
    for record in reading.records:
        kind, layer = record.facts.get("do"), str(record.facts.get("layer"))
        if kind == "base":
            marks.setdefault(layer, 0)
        elif kind == "saved" and isinstance(count := record.facts.get("records"), int):
            marks[layer] = count
    # Undo and redo do not say which layer they changed.
    least = min(marks.values(), default=0)
    changes = ("step", "undo", "redo")
    return any(
        record.facts.get("do") in changes and place >= marks.get(str(record.facts.get("layer")), least)
        for place, record in enumerate(reading.records)
    )
