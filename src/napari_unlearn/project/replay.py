"""From a journal and the mask files back to the masks and the history: after a restart, a crash, or somebody's edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from napari_unlearn.project.delta import Delta, Mask, between, from_whole, tiles
from napari_unlearn.project.history import History
from napari_unlearn.project.journal import Reading, Record


@dataclass(frozen=True)
class Course:
    """How one mask went through a journal.

    Attributes
    ----------
    mask : ndarray of uint8, shape (H, W)
        As it was after the last record.
    after : int
        Number of steps after the one that the mask file holds; None where the file holds none of the states, because
        somebody else changed it.
    told : bool
        Whether the journal knows that the file was written after the last step.
    """

    mask: Mask
    after: int | None
    told: bool = True


def base(layer: str, data: bytes, shape: tuple[int, int], count: int) -> Record:
    """Record of all of a mask, as it was after the first `count` records."""
    return Record({"do": "base", "layer": layer, "shape": list(shape), "records": count}, data)


def saved(layer: str, count: int) -> Record:
    """Record that says that the mask file holds the state after the first `count` records."""
    return Record({"do": "saved", "layer": layer, "records": count})


def shape_of(reading: Reading) -> tuple[int, int] | None:
    """Height and width of the masks in a journal, None where it does not begin with one."""
    if not reading.records or reading.records[0].facts.get("do") != "base":
        return None
    try:
        height, width = (int(side) for side in reading.records[0].facts["shape"])
    except (KeyError, TypeError, ValueError):
        return None
    return (height, width) if height > 0 and width > 0 else None


def replay(
    reading: Reading, shape: tuple[int, int], files: Mapping[str, Mask | None]
) -> tuple[History, dict[str, Course]]:
    """Follow a journal.

    Parameters
    ----------
    reading : Reading
        The journal.
    shape : tuple of int
        Height and width of the masks.
    files : mapping of str to ndarray or None
        The mask file of each layer, None where there is none.

    Returns
    -------
    history : History
        Everything that can be undone and done again.
    courses : dict of str to Course
        The layers that the journal knows.

    Raises
    ------
    ValueError
        The records contradict each other.
    """
    history = History()
    flips: list[tuple[str, Delta] | None] = []
    for record in reading.records:
        step = history.take(record, shape)
        flips.append(None if step is None or step.delta is None else (step.layer, step.delta))
    return history, {
        layer: _course(reading.records, flips, layer, file, shape)
        for layer, file in files.items()
        if _last(reading.records, "base", layer) is not None
    }


def _course(
    records: tuple[Record, ...],
    flips: list[tuple[str, Delta] | None],
    layer: str,
    file: Mask | None,
    shape: tuple[int, int],
) -> Course:
    mark = _count(_last(records, "saved", layer), len(records))
    bases = [(record, _count(record, len(records)) or 0) for record in records if _is(record, "base", layer)]
    # A base younger than the mark would hide states that the file may hold.
    start, place = [entry for entry in bases if entry is bases[0] or entry[1] <= (mark or 0)][-1]
    mask = from_whole(start.body, shape)
    changes = [(at, flip[1]) for at, flip in enumerate(flips) if flip is not None and flip[0] == layer and at >= place]
    after = len(changes) if file is None and mark is None else None  # nothing was ever written
    for done in range(len(changes) + 1):
        # A file with a state from before the mark was put back by somebody.
        last = changes[done][0] if done < len(changes) else len(records)
        if file is not None and last >= (mark or 0) and np.array_equal(mask, file):
            after = len(changes) - done
        if done < len(changes):
            changes[done][1].apply(mask)
    return Course(mask, after, all(at < (mark or 0) for at, _ in changes))


def difference(before: Mask, after: Mask) -> Delta | None:
    """All that differs between two masks."""
    return between(before, after, tiles(before.shape))


def _last(records: tuple[Record, ...], kind: str, layer: str) -> Record | None:
    return next((record for record in reversed(records) if _is(record, kind, layer)), None)


def _is(record: Record, kind: str, layer: str) -> bool:
    return record.facts.get("do") == kind and record.facts.get("layer") == layer


def _count(record: Record | None, limit: int) -> int | None:
    if record is None:
        return None
    count = record.facts.get("records")
    if not isinstance(count, int) or not 0 <= count <= limit:
        raise ValueError("A record refers to records that are not there.")
    return count
