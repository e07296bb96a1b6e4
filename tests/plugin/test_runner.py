"""No exception is lost between a job's thread and the window, not even those that napari's own workers lose."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from qtpy.QtCore import QTimer

from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed, Metric, Note, Progress
from napari_unlearn.jobs.token import CancelledError, Token
from napari_unlearn.plugin import runner as runner_module
from napari_unlearn.plugin.runner import LONG, ThreadRunner, complete


def raising(request: Exception, token: Token) -> Iterator[Event]:
    yield Progress(0, 1, "Starting")
    raise request


def silent(request: object, token: Token) -> Iterator[Event]:
    yield Progress(0, 1, "Starting")


def hasty(request: int, token: Token) -> Iterator[Event]:
    for done in range(request):
        yield Progress(done, request, "Hurrying")
        yield Metric("loss", done, 1.0)
    yield Done(None)


def talkative(request: object, token: Token) -> Iterator[Event]:
    yield Done(1)
    yield Done(2)


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), ValueError("no"), StopIteration(), KeyError(1)])
def test_whatever_a_job_raises_is_its_last_event(error: Exception, qtbot: Any) -> None:
    runner = ThreadRunner()
    events: list[Event] = []
    runner.start(raising, error, Token(), events.append)
    qtbot.waitUntil(lambda: len(events) == 2, timeout=60_000)
    runner.wait(10)
    qtbot.wait(20)
    assert len(events) == 2
    assert isinstance(events[1], Failed)


def test_a_job_that_just_stops_has_failed() -> None:
    *_, last = complete(silent, None, Token())
    assert isinstance(last, Failed)


def test_nothing_counts_after_the_last_event() -> None:
    assert len(list(complete(talkative, None, Token()))) == 1


def test_a_checkpoint_that_raises_outside_a_guard_is_a_cancellation() -> None:
    *_, last = complete(raising, CancelledError(), Token())
    assert isinstance(last, Cancelled)


def test_of_events_that_come_fast_only_progress_is_left_out(qtbot: Any) -> None:
    runner = ThreadRunner()
    events: list[Event] = []
    runner.start(hasty, 200, Token(), events.append)
    runner.wait(10)
    qtbot.waitUntil(lambda: bool(events) and isinstance(events[-1], Done), timeout=60_000)
    assert [event.step for event in events if isinstance(event, Metric)] == list(range(200))
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == 199
    assert len(progress) < 200


def test_progress_that_comes_faster_than_anybody_reads_it_is_shown_all_the_same(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "LONG", 0.0)
    runner = ThreadRunner()
    shown: list[Event] = []
    receive = shown.append
    for done in range(100):
        runner._mail.put((receive, Progress(done, 100, "Hurrying")))
    runner._deliver()
    assert shown == [Progress(99, 100, "Hurrying")]


def test_what_takes_long_to_receive_is_delivered_in_several_rounds(qtbot: Any) -> None:
    runner = ThreadRunner()
    order: list[object] = []
    beats = QTimer()
    beats.timeout.connect(lambda: order.append("beat"))
    beats.start(0)

    def receive(event: Event) -> None:
        time.sleep(2 * LONG)
        order.append(event)

    runner._pending = [(receive, Note(str(number))) for number in range(2)]
    runner._deliver()
    assert order == [Note("0")]
    qtbot.waitUntil(lambda: Note("1") in order, timeout=60_000)
    assert "beat" in order
