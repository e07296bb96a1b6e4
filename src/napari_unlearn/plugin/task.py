"""One place of work with its state: at most one job at a time counts, and what older jobs still send is dropped."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from napari_unlearn.jobs.events import Event, Metric, Note, Preview, Progress, Reference
from napari_unlearn.jobs.state import JobState, end_state
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin.runner import Job, JobRunner


class Task(QObject):
    """Starts jobs, follows their state and passes their events on.

    Parameters
    ----------
    runner : JobRunner
        Where jobs run.
    parent : QObject, optional
        Owner.
    """

    state_changed = Signal(object)  # JobState
    progress = Signal(object)  # Progress
    metric = Signal(object)  # Metric
    reference = Signal(object)  # Reference
    preview = Signal(object)  # Preview
    note = Signal(object)  # Note
    ended = Signal(object)  # Done, Failed or Cancelled

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = JobState.IDLE
        self._runner = runner
        self._token = Token()
        self._generation = 0
        self.stopping = False  # asked to end with the best that it has

    def start(self, job: Job, request: object) -> None:
        """Start a job; a defect of the caller while another one is running.

        Parameters
        ----------
        job : callable
            Generator function ``(request, token) -> events``.
        request : object
            Frozen and picklable.
        """
        self.stopping = False
        self._enter(self.state.to(JobState.RUNNING))
        self._generation += 1
        self._token = Token()
        generation = self._generation
        self._runner.start(job, request, self._token, lambda event: self._receive(generation, event))

    def restart(self, job: Job, request: object) -> None:
        """Start a job in place of the one that runs: that one is cancelled, and nothing it still sends counts."""
        self.abandon()
        self.start(job, request)

    def abandon(self) -> None:
        """Cancel the job and forget about it at once."""
        self._token.cancel()
        self._generation += 1
        self.state = JobState.IDLE

    def cancel(self) -> None:
        """Ask the job to end; it is `CANCELLING` until it does."""
        if self.state in (JobState.RUNNING, JobState.PAUSED):
            self._token.cancel()
            self._enter(self.state.to(JobState.CANCELLING))

    def pause(self) -> None:
        """Hold the job at its next step, or let it go on."""
        if self.state is JobState.RUNNING and not self.stopping:
            self._token.pause()
            self._enter(self.state.to(JobState.PAUSED))
        elif self.state is JobState.PAUSED:
            self._enter(self.state.to(JobState.RUNNING))
            self._token.resume()

    def stop(self) -> None:
        """Ask the job to end with the best that it has; it runs on until it does, also when it was paused."""
        if self.state in (JobState.RUNNING, JobState.PAUSED):
            self.stopping = True
            self._token.stop()
            self._enter(JobState.RUNNING)

    def _receive(self, generation: int, event: Event) -> None:
        if generation != self._generation:
            return
        last = end_state(event)
        if last is not None:
            if self.state is JobState.PAUSED:  # it was past its last step when somebody paused it
                self.state = self.state.to(JobState.RUNNING)
            self._enter(self.state.to(last))
            self.ended.emit(event)
            return
        match event:
            case Progress():
                self.progress.emit(event)
            case Metric():
                self.metric.emit(event)
            case Reference():
                self.reference.emit(event)
            case Preview():
                self.preview.emit(event)
            case Note():
                self.note.emit(event)

    def _enter(self, state: JobState) -> None:
        self.state = state
        self.state_changed.emit(state)
