from __future__ import annotations

from typing import Any

from napari_unlearn.jobs.events import Cancelled, Done, Event, Note, Preview, Progress
from napari_unlearn.jobs.state import JobState
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin.runner import Job, Receive
from napari_unlearn.plugin.task import Task


class HandRunner:
    """Runs nothing; the test plays the jobs."""

    def __init__(self) -> None:
        self.started: list[tuple[Token, Receive]] = []

    def start(self, job: Job, request: object, token: Token, receive: Receive) -> None:
        self.started.append((token, receive))

    def wait(self, seconds: float) -> None:
        """There is nothing to wait for."""


def job(request: object, token: Token) -> Any:
    raise AssertionError("never run")


def test_late_results_of_an_abandoned_job_are_dropped(qtbot: Any) -> None:
    runner = HandRunner()
    task = Task(runner)
    seen: list[Event] = []
    task.preview.connect(seen.append)
    task.ended.connect(seen.append)
    task.start(job, None)
    task.restart(job, None)
    (old_token, old), (_, new) = runner.started
    assert old_token.cancelled
    old(Preview("late", None))  # type: ignore[arg-type]
    old(Done("late"))
    assert seen == []
    assert task.state is JobState.RUNNING
    new(Done("new"))
    assert [event.result for event in seen if isinstance(event, Done)] == ["new"]


def test_cancelling_is_acknowledged_at_once_and_ends_with_the_job(qtbot: Any) -> None:
    runner = HandRunner()
    task = Task(runner)
    states: list[JobState] = []
    task.state_changed.connect(states.append)
    task.start(job, None)
    token, receive = runner.started[0]
    task.cancel()
    assert token.cancelled
    assert states == [JobState.RUNNING, JobState.CANCELLING]
    receive(Progress(1, 2, "still in this step"))
    receive(Cancelled())
    assert task.state is JobState.CANCELLED
    task.start(job, None)
    assert task.state is JobState.RUNNING


def test_pausing_is_acknowledged_at_once_and_the_same_button_goes_on(qtbot: Any) -> None:
    runner = HandRunner()
    task = Task(runner)
    task.start(job, None)
    token, receive = runner.started[0]
    task.pause()
    assert token.paused
    assert task.state is JobState.PAUSED
    receive(Progress(1, 2, "the step under way"))
    assert task.state is JobState.PAUSED
    task.pause()
    assert not token.paused
    assert task.state is JobState.RUNNING
    task.pause()
    receive(Done("it was past its last step"))
    assert task.state is JobState.DONE


def test_a_job_that_is_asked_to_stop_runs_on_to_its_end_and_cannot_be_held(qtbot: Any) -> None:
    runner = HandRunner()
    task = Task(runner)
    task.start(job, None)
    token, receive = runner.started[0]
    task.pause()
    task.stop()
    assert token.stopping
    assert not token.paused
    task.pause()
    assert task.state is JobState.RUNNING
    receive(Done("the best"))
    assert task.state is JobState.DONE
    task.stop()
    assert task.state is JobState.DONE
    task.start(job, None)
    assert not task.stopping


def test_what_a_person_should_know_is_passed_on_while_the_job_goes_on(qtbot: Any) -> None:
    runner = HandRunner()
    task = Task(runner)
    told: list[Event] = []
    task.note.connect(told.append)
    task.start(job, None)
    runner.started[0][1](Note("Memory ran out."))
    assert told == [Note("Memory ran out.")]
    assert task.state is JobState.RUNNING
