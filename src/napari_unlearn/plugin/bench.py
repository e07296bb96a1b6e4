"""What the controllers share: viewer, dock, layers, the open project, and the one job in the foreground."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Done, Event, Failed, Progress
from napari_unlearn.jobs.state import JobState
from napari_unlearn.jobs.unlearn import UnlearnRequest
from napari_unlearn.plugin.dock import Dock
from napari_unlearn.plugin.layers import LayerBook, Role
from napari_unlearn.plugin.preferences import Preferences
from napari_unlearn.plugin.runner import Job, JobRunner
from napari_unlearn.plugin.switching import Switching
from napari_unlearn.plugin.task import Task
from napari_unlearn.plugin.unrefined import Unrefined
from napari_unlearn.project import Project

OnDone = Callable[[Any], None]
OnEnd = Callable[[Event], None]


class Bench(QObject):
    """The work bench.

    Parameters
    ----------
    viewer : napari.Viewer
        Where layers are shown.
    dock : Dock
        The views.
    runner : JobRunner
        Where jobs run.
    """

    changed = Signal()  # something that decides what is enabled

    def __init__(self, viewer: Any, dock: Dock, runner: JobRunner) -> None:
        super().__init__(dock)
        self.viewer = viewer
        self.dock = dock
        self.runner = runner
        self.preferences = Preferences()
        self.book = LayerBook(viewer)
        self.looking: tuple[Role, ...] = ()  # the layers that the page in front is about
        self.task = Task(runner, self)
        self.switching = Switching(self)
        self.unrefined = Unrefined(self)
        self.pair: tuple[Path | None, Path] | None = None  # before and after, unless it is the model in use
        self.pair_titles = "", ""  # what they are called
        self.keep = False  # whether the job has a state that it could end with
        self._project: Project | None = None
        self._on_done: OnDone = _nothing
        self._on_failed: OnEnd | None = None
        self.task.state_changed.connect(self._on_state)
        self.task.progress.connect(self._on_progress)
        self.task.note.connect(lambda note: dock.messages.note(note.sentence))
        self.task.ended.connect(self._on_ended)

    @property
    def has_project(self) -> bool:
        """Whether a data set is open."""
        return self._project is not None

    @property
    def project(self) -> Project:
        """The open project.

        Raises
        ------
        UserError
            There is none.
        """
        if self._project is None:
            raise UserError("Open a folder of images first (step 1).")
        return self._project

    @property
    def compared(self) -> tuple[Path | None, Path | None]:
        """Models before and after that step 4 is about; None where there is none."""
        if self.pair is not None:
            return self.pair
        project = self.project
        return (None, None) if project.previous is None else (project.previous, project.model)

    def adopt(self, project: Project) -> None:
        """Work on `project` from now on; nothing that was asked about the one before counts any more."""
        self.switching.forget()
        self.unrefined.task.abandon()
        self._project = project
        self.pair = None
        self.book.classes = len(project.dataset.classes)

    def run(self, job: Job, request: object, on_done: OnDone, on_failed: OnEnd | None = None) -> None:
        """Run a job in the foreground; a failure reaches the user as a message.

        Parameters
        ----------
        job : callable
            Generator function ``(request, token) -> events``.
        request : object
            Frozen and picklable.
        on_done : callable
            Given the result.
        on_failed : callable, optional
            Given the last event of a job that failed or was cancelled, in place of the message.
        """
        self._on_done, self._on_failed = on_done, on_failed
        self.keep = False
        self.dock.run.show_stoppable(isinstance(request, UnlearnRequest))
        self.task.start(job, request)

    def attempt(self, action: Callable[[], object]) -> None:
        """Do something that may refuse with a sentence for the user."""
        try:
            action()
        except UserError as error:
            self.dock.messages.error(str(error))

    def _on_state(self, state: JobState) -> None:
        stopping = self.task.stopping and state is JobState.RUNNING
        self.dock.run.show_state(state.busy, state is JobState.CANCELLING, state is JobState.PAUSED, stopping)
        self.changed.emit()

    def _on_progress(self, progress: Progress) -> None:
        self.dock.run.show_progress(progress.done, progress.total, progress.message, progress.remaining)
        if progress.keep != self.keep:
            self.keep = progress.keep
            self.changed.emit()

    def _on_ended(self, event: Event) -> None:
        if isinstance(event, Done):
            self.attempt(lambda: self._on_done(event.result))
        elif self._on_failed is not None:
            self._on_failed(event)
        elif isinstance(event, Failed):
            self.dock.messages.error(event.sentence, event.remedy)
        else:
            self.dock.messages.note("Cancelled. Nothing was changed.")


def _nothing(result: object) -> None:
    """Before the first job."""
