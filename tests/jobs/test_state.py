"""The life of a job."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed, Metric, Preview, Progress
from napari_unlearn.jobs.state import TRANSITIONS, JobState, end_state

IDLE, RUNNING, PAUSED, CANCELLING = JobState.IDLE, JobState.RUNNING, JobState.PAUSED, JobState.CANCELLING
DONE, FAILED, CANCELLED = JobState.DONE, JobState.FAILED, JobState.CANCELLED


@pytest.mark.parametrize(
    "life",
    [
        (IDLE, RUNNING, DONE),
        (IDLE, RUNNING, PAUSED, RUNNING, FAILED, RUNNING),
        (IDLE, RUNNING, PAUSED, CANCELLING, CANCELLED, IDLE),
        (IDLE, RUNNING, CANCELLING, DONE, RUNNING),
        (IDLE, RUNNING, CANCELLING, FAILED, IDLE),
    ],
)
def test_lives_that_jobs_have(life: tuple[JobState, ...]) -> None:
    state = life[0]
    for new in life[1:]:
        state = state.to(new)
        assert state is new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (IDLE, DONE),
        (IDLE, PAUSED),
        (PAUSED, DONE),
        (CANCELLING, RUNNING),
        (CANCELLING, PAUSED),
        (DONE, CANCELLED),
        (CANCELLED, DONE),
        (RUNNING, RUNNING),
        (RUNNING, IDLE),
    ],
)
def test_lives_that_no_job_has(old: JobState, new: JobState) -> None:
    with pytest.raises(ValueError, match=f"A job that is {old.value} cannot become {new.value}"):
        old.to(new)


def test_every_state_has_its_transitions_and_none_is_a_dead_end() -> None:
    assert set(TRANSITIONS) == set(JobState)
    assert all(TRANSITIONS.values())


def test_a_job_under_way_keeps_others_from_starting() -> None:
    assert {state for state in JobState if state.busy} == {RUNNING, PAUSED, CANCELLING}
    for state in JobState:
        assert (RUNNING in TRANSITIONS[state]) == (not state.busy or state is PAUSED)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Done(None), DONE),
        (Failed("It failed.", "Try again."), FAILED),
        (Cancelled(), CANCELLED),
        (Progress(0, 1, "Working"), None),
        (Metric("loss", 0, 1.0), None),
        (Preview("a", np.zeros((2, 2), np.uint8)), None),
    ],
)
def test_only_last_events_end_a_job(event: Event, state: JobState | None) -> None:
    assert end_state(event) is state
