"""The document: the open data set, the case in hand and its fine mask, what is done, and which model is in use.

It knows no window. Whoever paints changes `editing.fine` in place and calls `save_stroke`; everything else is told by
signals, so that any number of views may show the same document.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from psygnal import Signal

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset, fine_path_for
from napari_unlearn.data.encode import write_mask
from napari_unlearn.errors import UserError
from napari_unlearn.project import session as sessions
from napari_unlearn.project.editing import FineMask
from napari_unlearn.project.runs import runs_folder
from napari_unlearn.project.status import CaseStatus

_LOG = logging.getLogger(__name__)


class Project:
    """One open data set with everything that is being done to it.

    Parameters
    ----------
    dataset : Dataset
        What was opened.
    model : Path, optional
        Model folder to use; the one remembered from last time by default.
    """

    case_changed = Signal(object)  # Case
    mask_saved = Signal(str)  # case id
    status_changed = Signal(str, object)  # case id, CaseStatus
    model_changed = Signal(object)  # Path or None
    failed = Signal(str)  # one sentence

    def __init__(self, dataset: Dataset, model: Path | None = None) -> None:
        self.dataset = dataset
        self._session = sessions.load(self.runs)
        if model is not None and model != self._session.model:
            self._session = replace(self._session, model=model, previous=None)
        splits = {name: place for place, name in enumerate(dataset.splits)}
        cases = sorted(dataset.cases, key=lambda case: (splits.get(case.split or "", len(splits)), case.id))
        self.order = tuple(case.id for case in cases)  # training cases first: they are the ones to refine
        self.editing: FineMask | None = None
        self.case: Case | None = None

    @property
    def runs(self) -> Path:
        """Folder that holds every run, and what the project remembers."""
        return runs_folder(self.dataset.root)

    @property
    def model(self) -> Path | None:
        """Folder of the model in use."""
        return self._session.model

    @property
    def previous(self) -> Path | None:
        """Folder of the model that `discard` returns to."""
        return self._session.previous

    def status(self, case_id: str) -> CaseStatus:
        """How far the refinement of `case_id` is."""
        if case_id in self._session.in_progress:
            return CaseStatus.IN_PROGRESS
        return CaseStatus.REFINED if self.dataset.case(case_id).is_refined else CaseStatus.UNREFINED

    def select(self, case_id: str) -> None:
        """Take `case_id` in hand; a fine mask that could not be saved is tried once more first.

        Raises
        ------
        UserError
            The image or a mask of the case cannot be read, or the case has no coarse mask; the case in hand stays.
        """
        if self.editing is not None and self.editing.dirty and not self.save_stroke():
            return
        case = self.dataset.case(case_id)
        coarse = case.coarse()
        fine = case.fine()
        self.editing = FineMask(case.id, coarse, coarse.copy() if fine is None else fine)
        self.case = case
        self.case_changed.emit(case)

    def step(self, distance: int, status: CaseStatus | None = None) -> str | None:
        """Identifier of the case `distance` places on, None at either end.

        Parameters
        ----------
        distance : int
            +1 or -1.
        status : CaseStatus, optional
            Pass over cases that are not in this status; the search then goes round once.

        Returns
        -------
        str or None
        """
        ids = self.order
        here = ids.index(self.case.id) if self.case is not None else -1
        if status is None:
            there = here + distance
            return ids[there] if 0 <= there < len(ids) else None
        order = [ids[(here + distance * k) % len(ids)] for k in range(1, len(ids) + 1)]
        return next((case_id for case_id in order if self.status(case_id) is status), None)

    def save_stroke(self) -> bool:
        """Write the fine mask in hand to disk; on failure it stays in memory, dirty, and `failed` says why.

        Returns
        -------
        bool
            Whether disk and memory now agree.
        """
        if self.editing is None or self.case is None:
            return True
        started = self.status(self.case.id) is CaseStatus.UNREFINED
        if not self._write(self.editing):
            return False
        if started:
            self._remember(self._session.with_progress(self.case.id, True))
            self.status_changed.emit(self.case.id, CaseStatus.IN_PROGRESS)
        self.mask_saved.emit(self.case.id)
        return True

    def finish(self) -> bool:
        """Call the case in hand refined, saving its mask; False when the mask could not be saved."""
        if self.editing is None or self.case is None or not self._write(self.editing):
            return False
        self._set_status(CaseStatus.REFINED)
        self.mask_saved.emit(self.case.id)
        return True

    def use_model(self, model: Path) -> None:
        """Work with another model; nothing is left to discard."""
        self._remember(replace(self._session, model=model, previous=None))
        self.model_changed.emit(model)

    def revise(self, model: Path) -> None:
        """Work with the revised model of a run, keeping the one before it for `discard`."""
        self._remember(replace(self._session, model=model, previous=self._session.model))
        self.model_changed.emit(model)

    def discard(self) -> None:
        """Return to the model before the last revision; the run stays on disk.

        Raises
        ------
        UserError
            There is nothing to discard.
        """
        if self._session.previous is None:
            raise UserError("There is no revised model to discard; run Unlearn first.")
        self._remember(replace(self._session, model=self._session.previous, previous=None))
        self.model_changed.emit(self._session.model)

    def _set_status(self, status: CaseStatus) -> None:
        assert self.case is not None
        self._remember(self._session.with_progress(self.case.id, status is CaseStatus.IN_PROGRESS))
        self.status_changed.emit(self.case.id, status)

    def _write(self, mask: FineMask) -> bool:
        mask.dirty = True
        case = self.dataset.case(mask.case_id)
        path = fine_path_for(self.dataset, case)
        try:
            write_mask(path, mask.fine)
        except UserError as error:
            self.failed.emit(f"{error} Your strokes are kept here until then.")
            return False
        mask.dirty = False
        if case.fine_path != path:
            self.dataset = self.dataset.with_fine(mask.case_id)
            self.case = self.dataset.case(mask.case_id)
        return True

    def _remember(self, session: sessions.Session) -> None:
        # The session is a convenience: not being able to write it must not stop the work, masks are saved elsewhere.
        self._session = session
        try:
            sessions.save(self.runs, session)
        except OSError as error:
            _LOG.warning("The project file in %s could not be written: %s", self.runs, error)
