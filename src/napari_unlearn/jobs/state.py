"""The life of a job as one enum with its legal transitions."""

from __future__ import annotations

from enum import Enum

from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed


class JobState(Enum):
    """Where a job stands."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def busy(self) -> bool:
        """Whether work is under way, so that no other job may start."""
        return self in (JobState.RUNNING, JobState.PAUSED, JobState.CANCELLING)

    def to(self, new: JobState) -> JobState:
        """Go to `new`.

        Parameters
        ----------
        new : JobState
            The next state.

        Returns
        -------
        JobState
            `new`.

        Raises
        ------
        ValueError
            There is no such transition; a defect of the caller.
        """
        if new not in TRANSITIONS[self]:
            raise ValueError(f"A job that is {self.value} cannot become {new.value}.")
        return new


_ENDS = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.IDLE: frozenset({JobState.RUNNING}),
    JobState.RUNNING: _ENDS | {JobState.PAUSED, JobState.CANCELLING},
    JobState.PAUSED: frozenset({JobState.RUNNING, JobState.CANCELLING}),
    # A job may succeed or fail in the very step in which it was cancelled.
    JobState.CANCELLING: _ENDS,
    JobState.DONE: frozenset({JobState.RUNNING, JobState.IDLE}),
    JobState.FAILED: frozenset({JobState.RUNNING, JobState.IDLE}),
    JobState.CANCELLED: frozenset({JobState.RUNNING, JobState.IDLE}),
}


def end_state(event: Event) -> JobState | None:
    """State that `event` brings a job to, None while the job goes on.

    Parameters
    ----------
    event : Event
        Any event of a job.

    Returns
    -------
    JobState or None
        DONE, FAILED or CANCELLED for a last event.
    """
    match event:
        case Done():
            return JobState.DONE
        case Failed():
            return JobState.FAILED
        case Cancelled():
            return JobState.CANCELLED
        case _:
            return None
