"""Where the work on a project is kept: journals at once, mask files in the background, the trail of what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_file
from napari_unlearn.project.access import JOURNALS, Access
from napari_unlearn.project.audit_trail import FILE_NAME
from napari_unlearn.project.case_work import CaseWork
from napari_unlearn.project.history import ARTEFACTS, FINE
from napari_unlearn.project.journal import SUFFIX
from napari_unlearn.project.runs import runs_folder
from napari_unlearn.project.saver import Saver

IDLE = 1.0  # seconds after a stroke until the mask file is written; the journal has the stroke at once
FLUSH = 0.2  # seconds until the journal is flushed to the disk itself, against a power cut
KEPT = "Your strokes are kept here until then."


@dataclass(frozen=True, eq=False)
class Loaded:
    """A case that was read: the work on it, its image, (H, W, 3) uint8, and millimetres between rows and columns."""

    work: CaseWork
    image: NDArray[np.uint8]
    spacing: tuple[float, float] | None


class Store:
    """The files of one project.

    Parameters
    ----------
    root : Path
        Folder of the data set.
    who : str, optional
        Person at work; the user of the system by default.

    Attributes
    ----------
    access : Access
        Whether the files may be written.
    works : dict of str to CaseWork
        The case in hand, and those that disk does not know all about.
    saver : Saver
        What writes in the background.
    """

    def __init__(self, root: Path, who: str | None = None) -> None:
        self._root = root
        self.journals = runs_folder(root) / JOURNALS
        self.access = Access(runs_folder(root), who)
        self.works: dict[str, CaseWork] = {}
        self.saver = Saver()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """Cases with work that is in memory only, because the disk refuses it."""
        return tuple(case_id for case_id, work in self.works.items() if work.only_here)

    def read(self, case: Case) -> CaseWork:
        """Read the work on a case, or find it where it is still in memory; in any thread.

        Raises
        ------
        UserError
            A mask or the journal cannot be read, or there is no coarse mask.
        """
        known = self.works.get(case.id)
        if known is not None:
            return known
        paths = {FINE: self._root / "fine" / f"{case.id}.png", ARTEFACTS: self._root / "artefacts" / f"{case.id}.png"}
        journal = self.journals / f"{case.id}{SUFFIX}"
        try:
            return CaseWork(case, paths, journal)
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"{journal} cannot be read ({reason}); check that you may read it.") from error

    def load(self, case: Case) -> Loaded:
        """Read the work on a case and its image; as `read`."""
        return Loaded(self.read(case), case.image(), case.spacing)

    def hold(self, work: CaseWork) -> CaseWork:
        """Keep the work on a case in memory; what was there before stays, and is returned."""
        return self.works.setdefault(work.case.id, work)

    def schedule(self, work: CaseWork, first: bool = False) -> None:
        """Let the background flush the journal of a case and write its masks; those of its first stroke at once."""
        self.saver.later(f"flush {work.case.id}", work.journal.file.sync, FLUSH)
        self.saver.later(*self._writing(work), 0.0 if first else IDLE)

    def write(self, work: CaseWork) -> str:
        """Write the masks of a case now.

        Parameters
        ----------
        work : CaseWork
            The case.

        Returns
        -------
        str
            Why that was not possible, "" where it was.
        """
        key, write = self._writing(work)
        self.saver.drop(key)
        try:
            write()
        except UserError as error:
            self.saver.later(key, write, IDLE)
            return f"{error} {KEPT}"
        except OSError as error:
            self.saver.later(key, write, IDLE)
            return refusal(work.journal.file.path, error)
        return ""

    def write_all(self) -> str:
        """Write the masks of every case that is in memory now; as `write`, with the first refusal."""
        waiting = [work for work in self.works.values() if work.dirty]
        return next(filter(None, map(self.write, waiting)), "")

    def release(self, work: CaseWork | None = None) -> None:
        """Let cases go that disk knows all about, but `work`."""
        for case_id, known in list(self.works.items()):
            if known is not work and not known.dirty and not known.journal.file.waiting:
                self.saver.later(f"flush {case_id}", known.end, 0.0)
                del self.works[case_id]

    def note(self, what: str, case_id: str | None = None, **facts: object) -> str:
        """Add a line to the audit trail.

        Parameters
        ----------
        what : str
            What was done.
        case_id : str, optional
            To which case.
        **facts : object
            What else is known, as JSON can express it.

        Returns
        -------
        str
            Why that was not possible, "" where it was.
        """
        try:
            self.access.note(what, case_id, **facts)
        except OSError as error:
            return refusal(runs_folder(self._root) / FILE_NAME, error)
        return ""

    @property
    def failure(self) -> str:
        """What the background cannot write at the moment, and why; "" where it can."""
        failures = list(self.saver.failures.values())
        return f"{failures[0]} {KEPT}" if failures else ""

    def close(self) -> None:
        """Write whatever waits, and give the project back."""
        if not self.access.refusal:
            for work in self.works.values():
                if work.dirty:
                    self.saver.later(*self._writing(work), 0.0)
        self.saver.close()
        for work in self.works.values():
            work.journal.file.close()
        self.works = {}
        self.access.close()

    def _writing(self, work: CaseWork) -> tuple[str, Callable[[], None]]:
        return f"masks of {work.case.id}", lambda: self._write(work)

    def _write(self, work: CaseWork) -> None:
        if self.access.taken_away():
            raise UserError(self.access.refusal)
        counts, work.counts = work.counts, Counter()

        def tell(path: Path) -> None:
            name = path.relative_to(self._root).as_posix()
            self.access.note("mask saved", work.case.id, file=name, sha256=sha256_file(path), steps=dict(counts))

        try:
            work.write(tell)
        except (OSError, UserError):
            work.counts = counts + work.counts
            raise


def refusal(path: Path, error: OSError) -> str:
    """Say which file the disk refuses, and what becomes of the work."""
    reason = error.strerror or error
    return f"{path} cannot be saved ({reason}); free some space or check that you may write there. {KEPT}"
