"""What the project remembers beside the masks, kept on disk as it changes: cases in progress and models in use."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from napari_unlearn.files import is_folder
from napari_unlearn.project import session as sessions
from napari_unlearn.project.history import Models, Step
from napari_unlearn.project.store import Store

_LOG = logging.getLogger(__name__)


class Remembered:
    """The session of a project.

    Parameters
    ----------
    folder : Path
        The runs folder, where its file lies.
    store : Store
        Whether and how files may be written.
    model : Path, optional
        Model to use in place of the one remembered.
    """

    def __init__(self, folder: Path, store: Store, model: Path | None) -> None:
        self._folder = folder
        self._store = store
        self.session = sessions.load(folder)
        if model is not None and model != self.session.model:
            self.session = replace(self.session, model=model, previous=None)

    @property
    def models(self) -> Models:
        """The model in use, and the one before it, as text for a journal."""
        model, previous = self.session.model, self.session.previous
        return None if model is None else str(model), None if previous is None else str(previous)

    def other_end(self, step: Step, back: bool) -> tuple[Models, str]:
        """Where undoing or redoing a change of model leads.

        Parameters
        ----------
        step : Step
            The change.
        back : bool
            Whether to undo it.

        Returns
        -------
        models : Models
            The models to use then.
        refusal : str
            Why it cannot be done any more, "" where it can.
        """
        assert step.models is not None
        left, wanted = step.models[::-1] if back else step.models
        gone = next((name for name in wanted if name is not None and not is_folder(Path(name))), None)
        if gone is not None:
            return wanted, f"The model in use stays as it is: {gone} is no longer there."
        return wanted, "" if self.models == left else "The model in use stays as it is: it is another one since."

    def use(self, models: Models) -> None:
        """Use other models."""
        model, previous = (None if name is None else Path(name) for name in models)
        self._keep(replace(self.session, model=model, previous=previous))

    def finish(self, case_id: str, unfinished: bool) -> None:
        """Call a case unfinished, or done."""
        self._keep(self.session.with_progress(case_id, unfinished))

    def begin(self, case_id: str) -> None:
        """Call a case unfinished with its first stroke; in the background, not to stop the brush."""
        self.session = self.session.with_progress(case_id, True)
        self._store.saver.later("session", lambda: sessions.save(self._folder, self.session), 0.0)

    def _keep(self, session: sessions.Session) -> None:
        # The session is a convenience: not being able to write it must not stop the work, masks are saved elsewhere.
        self.session = session
        if self._store.access.refusal:
            return
        self._store.saver.drop("session")
        try:
            sessions.save(self._folder, session)
        except OSError as error:
            _LOG.warning("The project file in %s could not be written: %s", self._folder, error)
