"""One case in hand: its masks, what can be undone, and the files that keep both."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.data.encode import write_mask
from napari_unlearn.project.audit_trail import now
from napari_unlearn.project.delta import Mask, whole
from napari_unlearn.project.editing import FineMask
from napari_unlearn.project.history import ARTEFACTS, FINE, History, Models, Step
from napari_unlearn.project.journal import Journal, Reading, Record, read_journal
from napari_unlearn.project.plane import Plane
from napari_unlearn.project.replay import Course, base, difference, replay, saved, shape_of

OUTSIDE = "changed by another program"
LONG = 200  # records after which a journal gets a new base, so that opening a case takes no longer with the years


class CaseWork:
    """The document of one case.

    Parameters
    ----------
    case : Case
        The case.
    paths : dict of str to Path
        Where the mask of each layer is saved.
    journal : Path
        Where the steps are written.

    Attributes
    ----------
    editing : FineMask
        The fine mask.
    history : History
        What can be undone and done again.
    recovered : int
        Number of steps that were in the journal and not in the mask files, as after a crash.
    untold : bool
        Whether a mask file has the last step and nobody noted so, because the program was killed in between.
    torn : bool
        Whether a step was being written when the program was killed; it is lost.
    outside : bool
        Whether a mask file was changed by another program since; that is a step of its own then.
    damaged : bool
        Whether the journal was damaged; a copy of it is kept.
    counts : Counter of str
        Steps since the masks were written last, by what they were.

    Raises
    ------
    UserError
        A mask of the case cannot be read, or there is no coarse one.
    OSError
        The journal cannot be read.
    """

    def __init__(self, case: Case, paths: dict[str, Path], journal: Path) -> None:
        self.case = case
        self.paths = paths
        self.recovered, self.untold, self.outside, self.damaged = 0, False, False, False
        self.counts: Counter[str] = Counter()
        self._pending: list[Record] = []
        self._artefacts: Plane | None = None
        self._writing = threading.Lock()
        coarse = case.coarse()
        shape = coarse.shape
        reading = read_journal(journal)
        files: dict[str, Mask | None] = {FINE: case.fine()}
        if any(record.facts.get("layer") == ARTEFACTS for record in reading.records):
            files[ARTEFACTS] = case.artefacts()
        reading, self.history, courses = self._replay(reading, shape, files)
        self.torn = reading.torn and reading.rest > 0
        self.journal = Journal(journal, reading)
        fine = self._state(FINE, courses, files[FINE], coarse)
        self.editing = FineMask(case.id, coarse, fine.copy() if fine is coarse else fine)
        if ARTEFACTS in courses:
            empty = np.zeros(shape, np.uint8)
            self._artefacts = Plane(self._state(ARTEFACTS, courses, files[ARTEFACTS], empty))
        if self.recovered or self.untold:
            self._plane(FINE).version += 1
            if self._artefacts is not None:
                self._artefacts.version += 1
        long = len(reading.records) > LONG and _since_base(reading) > LONG
        if FINE not in courses or long:
            self._pending.append(self._base(FINE))
        if self._artefacts is not None and long:
            self._pending.append(self._base(ARTEFACTS))

    @property
    def artefacts(self) -> Plane:
        """The artefact map, read when it is asked for first.

        Raises
        ------
        UserError
            It cannot be read.
        """
        if self._artefacts is None:
            flags = self.case.artefacts()
            self._artefacts = Plane(np.zeros(self.editing.fine.shape, np.uint8) if flags is None else flags)
            self._pending.append(self._base(ARTEFACTS))
        return self._artefacts

    @property
    def dirty(self) -> bool:
        """Whether a mask file may be older than what is here."""
        return self.editing.dirty or (self._artefacts is not None and self._artefacts.dirty)

    @property
    def only_here(self) -> bool:
        """Whether something stands neither in the journal nor in a mask file."""
        return self.dirty and self.journal.file.waiting > 0

    def record(self, what: str) -> list[Step]:
        """Take what was painted as steps, and write them into the journal.

        Parameters
        ----------
        what : str
            What they were, for people.

        Returns
        -------
        list of Step
            Empty where nothing was painted.

        Raises
        ------
        OSError
            The disk refuses; the steps count, and are written with the next ones.
        """
        self.editing.settle()
        deltas, self.editing.settled = self.editing.settled, []
        steps = [Step(what, FINE, delta) for delta in deltas]
        if self._artefacts is not None and (delta := self._artefacts.settle()) is not None:
            steps.append(Step(what, ARTEFACTS, delta))
        for step in steps:
            self.history.add(step)
        self._note(steps, [step.record(now()) for step in steps])
        return steps

    def add_models(self, what: str, before: Models, after: Models) -> None:
        """Note a change of the model as a step.

        Raises
        ------
        OSError
            As `record`.
        """
        step = Step(what, "model", models=(before, after))
        self.history.add(step)
        self._note([step], [step.record(now())])

    def move(self, back: bool) -> Step | None:
        """Undo the last step, or do the next one again; whatever was painted must be recorded before.

        Parameters
        ----------
        back : bool
            Whether to undo.

        Returns
        -------
        Step or None
            What was undone or done again, None where there is nothing; a change of the model is left to the caller.
        """
        if (self.history.last if back else self.history.next) is None:
            return None
        step = self.history.back() if back else self.history.forward()
        if step.delta is not None:
            if step.layer == FINE:
                self.editing.flip(step.delta)
            else:
                self.artefacts.flip(step.delta)
        return step

    def note_move(self, back: bool) -> None:
        """Write into the journal that a step was undone or done again.

        Raises
        ------
        OSError
            As `record`.
        """
        name = "undo" if back else "redo"
        self.counts[name] += 1
        self._append([Record({"do": name, "when": now()})])

    def write(self, tell: Callable[[Path], None] = lambda path: None) -> dict[str, Path]:
        """Bring the mask files up to date with what is done; safe in any thread.

        Parameters
        ----------
        tell : callable
            Called with every file that was written, before the journal calls it written: what is killed in between is
            recovered, and told again.

        Returns
        -------
        dict of str to Path
            The layers that were written, and where.

        Raises
        ------
        UserError, OSError
            The disk refuses; the files are as they were.
        """
        with self._writing:
            written: dict[str, Path] = {}
            for layer in (FINE, ARTEFACTS):
                plane = self._plane(layer) if layer == FINE else self._artefacts
                if plane is None or plane.version == plane.written:
                    continue
                # Counted before the mask is copied: the mark may be too early, never too late.
                count = self.journal.count
                mask, version = plane.copy()
                write_mask(self.paths[layer], mask)
                tell(self.paths[layer])
                plane.written = version
                written[layer] = self.paths[layer]
                if count:
                    self.journal.append(saved(layer, count))
            if self.journal.count:
                self.journal.append()
                self.journal.file.sync()
            return written

    def force(self) -> None:
        """Let the next `write` write the fine mask even where nothing was changed."""
        self._plane(FINE).version += 1

    def known_to(self, dataset: Dataset) -> Dataset:
        """Copy of the data set that knows of the masks which this case has by now.

        Parameters
        ----------
        dataset : Dataset
            The data set.

        Returns
        -------
        Dataset
            The same one where it knows already.
        """
        case = dataset.case(self.case.id)
        new = case
        if self._plane(FINE).version:
            new = replace(new, fine_path=self.paths[FINE])
        if self._artefacts is not None and self._artefacts.version:
            new = replace(new, artefact_path=self.paths[ARTEFACTS])
        if new == case:
            return dataset
        return replace(dataset, cases=tuple(new if old is case else old for old in dataset.cases))

    def end(self) -> None:
        """Flush the journal to disk and let it go.

        Raises
        ------
        OSError
            The disk refuses.
        """
        self.journal.file.sync()
        self.journal.file.close()

    def _note(self, steps: list[Step], records: list[Record]) -> None:
        self.counts.update(step.what for step in steps)
        if records:
            self._append(records)
        elif self.journal.file.waiting:
            self.journal.append()

    def _append(self, records: list[Record]) -> None:
        pending, self._pending = self._pending, []
        count = self.journal.count
        pending = [_placed(record, count + place + 1) for place, record in enumerate(pending)]
        self.journal.append(*pending, *records)

    def _plane(self, layer: str) -> Plane:
        return self.editing.plane if layer == FINE else self.artefacts

    def _base(self, layer: str) -> Record:
        array = self._plane(layer).array
        return base(layer, whole(array), (array.shape[0], array.shape[1]), 0)

    def _replay(
        self, reading: Reading, shape: tuple[int, ...], files: dict[str, Mask | None]
    ) -> tuple[Reading, History, dict[str, Course]]:
        if not reading.records and not reading.rest:
            return reading, History(), {}
        self.damaged = reading.rest > 0 and not reading.torn
        here = (shape[0], shape[1])
        if shape_of(reading) == here:
            try:
                return reading, *replay(reading, here, files)
            except ValueError:
                pass
        elif reading.torn and not reading.records:
            return reading, History(), {}
        # Of another size, or no journal at all: the masks on disk are what there is.
        self.damaged = True
        return Reading(rest=reading.good + reading.rest), History(), {}

    def _state(self, layer: str, courses: dict[str, Course], file: Mask | None, empty: Mask) -> Mask:
        course = courses.get(layer)
        on_disk = empty if file is None else file
        if course is None:
            return on_disk
        if course.after is None:
            delta = difference(course.mask, on_disk)
            if delta is not None:
                self.outside = True
                step = Step(OUTSIDE, layer, delta)
                self.history.add(step)
                self._pending.append(step.record(now()))
            return on_disk
        self.recovered += course.after
        self.untold |= not course.told
        return course.mask


def _placed(record: Record, count: int) -> Record:
    # A base is that of all records up to itself, wherever it comes to stand.
    return replace(record, facts={**record.facts, "records": count}) if record.facts["do"] == "base" else record


def _since_base(reading: Reading) -> int:
    places = [place for place, record in enumerate(reading.records) if record.facts.get("do") == "base"]
    return len(reading.records) - places[-1] if places else 0
