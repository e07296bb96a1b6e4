"""The document: the open data set, the case in hand and its masks, what is done, and which model is in use.

It knows no window. Whoever paints changes `editing.fine` in place and calls `record`; everything else is told by
signals, so that any number of views may show the same document. Signals are sent in the thread that calls.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.project.case_notes import CaseNotes
from napari_unlearn.project.case_work import CaseWork
from napari_unlearn.project.delta import Mask
from napari_unlearn.project.editing import FineMask
from napari_unlearn.project.history import DISCARD, FINE, Models, Step
from napari_unlearn.project.lesion_free import LesionFree
from napari_unlearn.project.plane import Plane
from napari_unlearn.project.queue_order import in_order
from napari_unlearn.project.recovery import Recovered, strange, unsettled_works
from napari_unlearn.project.remembered import Remembered
from napari_unlearn.project.runs import runs_folder
from napari_unlearn.project.status import CaseStatus
from napari_unlearn.project.store import Loaded, Store, refusal


class Project(AbstractContextManager["Project"]):
    """One open data set with everything that is being done to it.

    Parameters
    ----------
    dataset : Dataset
        What was opened.
    model : Path, optional
        Model folder to use; the one remembered from last time by default.
    who : str, optional
        Person at work, for the audit trail; the user of the system by default.

    Attributes
    ----------
    recovered : tuple of Recovered
        What the last session had not written into mask files when it ended without closing the project.
    image : ndarray of uint8, shape (H, W, 3), or None
        Image of the case in hand.
    spacing : tuple of float, or None
        Millimetres between its rows and between its columns, where its file says.
    """

    case_changed = Signal(object)  # Case
    mask_saved = Signal(str)  # case id
    mask_changed = Signal(str, object)  # layer, and rectangle that undo, redo or `replace` has changed
    status_changed = Signal(str, object)  # case id, CaseStatus
    model_changed = Signal(object)  # Path or None
    failed = Signal(str)  # one sentence
    noted = Signal(str)  # one sentence that is no failure

    def __init__(self, dataset: Dataset, model: Path | None = None, who: str | None = None) -> None:
        self.dataset = dataset
        self.order = in_order(dataset)
        self.notes = CaseNotes(self.runs)
        self._store = Store(dataset.root, who)
        try:
            self._remembered = Remembered(self.runs, self._store, model)
        except UserError:
            self._store.close()
            raise
        self.lesion_free = LesionFree()
        self.case: Case | None = None
        self.image: NDArray[np.uint8] | None = None
        self.spacing: tuple[float, float] | None = None
        self._work: CaseWork | None = None
        self._told = False  # that something cannot be saved; said once
        self.recovered = self._recover() if self._store.access.crashed else ()

    @property
    def runs(self) -> Path:
        """Folder that holds every run, and what the project remembers."""
        return runs_folder(self.dataset.root)

    @property
    def read_only(self) -> str:
        """Why nothing can be changed here, "" where it can."""
        return self._store.access.refusal

    @property
    def editing(self) -> FineMask | None:
        """The fine mask in hand."""
        return None if self._work is None else self._work.editing

    @property
    def artefacts(self) -> Plane | None:
        """The artefact map in hand, to be painted on and recorded as the fine mask is."""
        return None if self._work is None else self._work.artefacts

    @property
    def undoable(self) -> str:
        """What `undo` would take back, "" where there is nothing."""
        return "" if self._work is None else self._work.history.undoable

    @property
    def redoable(self) -> str:
        """What `redo` would do again, "" where there is nothing."""
        return "" if self._work is None else self._work.history.redoable

    @property
    def unsaved(self) -> tuple[str, ...]:
        """Cases whose work is in memory only, because the disk refuses it."""
        return self._store.unsaved

    @property
    def model(self) -> Path | None:
        """Folder of the model in use."""
        return self._remembered.session.model

    @property
    def previous(self) -> Path | None:
        """Folder of the model that `discard` returns to."""
        return self._remembered.session.previous

    def status(self, case_id: str) -> CaseStatus:
        """How far the refinement of `case_id` is."""
        if self.notes.of(case_id).excluded:
            return CaseStatus.EXCLUDED
        if case_id in self._remembered.session.in_progress:
            return CaseStatus.IN_PROGRESS
        return CaseStatus.REFINED if self.dataset.case(case_id).is_refined else CaseStatus.UNREFINED

    def select(self, case_id: str) -> None:
        """Take `case_id` in hand; the masks of the case before are saved first, and where they cannot be, it stays.

        Raises
        ------
        UserError
            The image or a mask of the case cannot be read, or the case has no coarse mask; the case in hand stays.
        """
        if self.leave():
            self.adopt(self.load(case_id))

    def leave(self, wait: bool = True) -> bool:
        """Save the case in hand before another one is taken; False where the disk refuses, and `failed` says so.

        Without `wait` the journal is enough, as long as the disk takes it, and the mask files follow in the background.
        """
        if self._work is None or self.read_only:
            return True
        return (self.record() and not (wait or self._store.failure)) or not self._work.dirty or self.save_stroke()

    def load(self, case_id: str) -> Loaded:
        """Read a case for `adopt`; changes nothing, may be called in any thread, and raises what `select` does."""
        return self._store.load(self.dataset.case(case_id))

    def adopt(self, loaded: Loaded) -> None:
        """Take a case in hand that was read before; the masks of the one before follow in the background."""
        self.record()
        work = self._store.hold(loaded.work)
        self._work, self.case = work, work.case
        self.image, self.spacing = loaded.image, loaded.spacing
        self._store.release(work)
        if work.recovered:
            self._changed(work)
        self.case_changed.emit(self.case)
        for what, sentence in strange(work):
            self.note(what, work.case.id)
            self.noted.emit(sentence)

    def record(self, what: str = "brush") -> bool:
        """Take what was painted on the case in hand as a step that can be undone, and write it into the journal.

        Parameters
        ----------
        what : str
            What it was, for people.

        Returns
        -------
        bool
            Whether it is on disk, in the journal if not in the mask file. Otherwise it is kept here and tried again
            with the next step, and `failed` has said so once.
        """
        work = self._work
        if work is None:
            return True
        if self._store.access.taken_away():
            return not work.editing.let_go() or self._fail(self.read_only)
        try:
            steps = work.record(what)
        except OSError as error:
            self._changed(work)
            return self._fail(refusal(work.journal.file.path, error))
        if steps:
            self._changed(work)
            self.mask_saved.emit(work.case.id)
        return True

    def replace(self, layer: str, mask: Mask, what: str) -> bool:
        """Put another mask in place of the one in hand, as one step.

        Parameters
        ----------
        layer : str
            `history.FINE` or `history.ARTEFACTS`.
        mask : ndarray of uint8, shape (H, W)
            The new mask; labels of a fine mask that are not allowed are left out.
        what : str
            What it is, for people: "accept suggestion".

        Returns
        -------
        bool
            As `record`.

        Raises
        ------
        UserError
            The project is read-only, or no case is in hand.
        """
        work = self._writable()
        self.record()
        plane = work.editing.plane if layer == FINE else work.artefacts
        plane.array[...] = mask
        plane.touch()
        everything = slice(0, plane.array.shape[0]), slice(0, plane.array.shape[1])
        if layer == FINE:
            work.editing.clip(everything)
        done = self.record(what)
        self.mask_changed.emit(layer, everything)
        return done

    def undo(self) -> Step | None:
        """Take back the last step on the case in hand, whenever it was done; None where there is none."""
        return self._move(back=True)

    def redo(self) -> Step | None:
        """Do again what was taken back last; None where there is nothing."""
        return self._move(back=False)

    def save_stroke(self) -> bool:
        """Write the masks in hand now; False where that fails: they stay in memory, dirty, and `failed` says why."""
        work = self._work
        if work is None:
            return True
        work.editing.touch()
        self.record()
        if self.read_only:
            return self._refuse(self.read_only)
        started = self.status(work.case.id) is CaseStatus.UNREFINED
        work.force()
        if trouble := self._store.write(work):
            return self._refuse(trouble)
        self._know(work)
        if started:
            self._set_status(work.case.id, CaseStatus.IN_PROGRESS)
        self.mask_saved.emit(work.case.id)
        return True

    def save_all(self) -> bool:
        """Write the masks of every case now, because somebody is about to read the files; as `save_stroke`."""
        self.record()
        return bool(self.read_only) or not (trouble := self._store.write_all()) or self._refuse(trouble)

    def finish(self) -> bool:
        """Call the case in hand refined, saving its mask; False when that fails."""
        if self._work is None or not self.save_stroke():
            return False
        self._set_status(self._work.case.id, CaseStatus.REFINED)
        self.note("refined", self._work.case.id)
        return True

    def use_model(self, model: Path) -> None:
        """Work with another model; nothing is left to discard."""
        self._use((str(model), None), "model chosen")

    def revise(self, model: Path) -> None:
        """Work with the revised model of a run, keeping the one before it for `discard`."""
        self._use((str(model), self._remembered.models[0]), "model revised")

    def discard(self) -> None:
        """Return to the model before the last revision; the run stays on disk. `undo` brings it back.

        Raises
        ------
        UserError
            There is nothing to discard.
        """
        before = self._remembered.models
        if before[1] is None:
            raise UserError("There is no revised model to discard; run Unlearn first.")
        work = self._work
        if work is not None and not self.read_only:
            self.record()
            try:
                work.add_models(DISCARD, before, (before[1], None))
            except OSError as error:
                self._fail(refusal(work.journal.file.path, error))
        self._use((before[1], None), "model discarded")

    def note(self, what: str, case_id: str | None = None, **facts: object) -> None:
        """Add a line to the audit trail: what was done, to which case, and what else is known as JSON can say it."""
        if trouble := self._store.note(what, case_id, **facts):
            self._fail(trouble)

    def collect(self) -> None:
        """Say what the background could not do, once, and when it can again; a window calls this now and then."""
        if self._store.failure:
            self._fail(self._store.failure)
        elif self._told and not (self.read_only or self.unsaved or (self._work is not None and self._work.dirty)):
            self._told = False
            self.noted.emit("Everything is saved again.")

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Save everything, and give the project back for others to open."""
        self.record()
        self._work = None
        self._store.close()

    def _move(self, back: bool) -> Step | None:
        work = self._writable()
        self.record()
        while (step := work.move(back)) is not None:
            try:
                work.note_move(back)
            except OSError as error:
                self._fail(refusal(work.journal.file.path, error))
            if step.delta is not None:
                self._changed(work)
                self.mask_changed.emit(step.layer, step.delta.rectangle)
                self.mask_saved.emit(work.case.id)
                return step
            if self._return_to(step, back):
                return step
        return None

    def _return_to(self, step: Step, back: bool) -> bool:
        wanted, refusal = self._remembered.other_end(step, back)
        if refusal:
            self.noted.emit(refusal)
            return False
        self._use(wanted, "model discarding undone" if back else "model discarded")
        return True

    def _use(self, models: Models, what: str) -> None:
        self._remembered.use(models)
        self.note(what, None if self.case is None else self.case.id, model=models[0])
        self.model_changed.emit(self.model)

    def _writable(self) -> CaseWork:
        if self.read_only or self._work is None:
            raise UserError(self.read_only or "Choose a case first (step 1).")
        return self._work

    def _changed(self, work: CaseWork) -> None:
        started = self.status(work.case.id) is CaseStatus.UNREFINED
        self._know(work)
        if self.read_only:
            return
        if started:
            self._remembered.begin(work.case.id)  # before the mask, which would pass for a refined one
            self.status_changed.emit(work.case.id, CaseStatus.IN_PROGRESS)
        self._store.schedule(work, first=started)

    def _know(self, work: CaseWork) -> None:
        self.dataset = work.known_to(self.dataset)
        work.case = self.dataset.case(work.case.id)
        if work is self._work:
            self.case = work.case

    def _set_status(self, case_id: str, status: CaseStatus) -> None:
        self._remembered.finish(case_id, status is CaseStatus.IN_PROGRESS)
        self.status_changed.emit(case_id, status)

    def _fail(self, sentence: str) -> bool:
        return False if self._told else self._refuse(sentence)

    def _refuse(self, sentence: str) -> bool:
        self._told = True  # the background need not say it again
        self.failed.emit(sentence)
        return False

    def _recover(self) -> tuple[Recovered, ...]:
        for work in (works := unsettled_works(self._store, self.dataset)):
            if work.recovered or work.untold:
                self._changed(self._store.hold(work))
            if work.recovered:
                self.note("recovered", work.case.id, steps=work.recovered)
        return tuple(Recovered(w.case.id, w.recovered, w.torn) for w in works if w.recovered or w.torn)
