from __future__ import annotations

from typing import Any

import pytest
from napari.components import ViewerModel

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.dock import Dock
from napari_unlearn.plugin.runner import Job, Receive


class InstantRunner:
    """Every job ends at once with the event that is its request."""

    def start(self, job: Job, request: Event, token: Token, receive: Receive) -> None:  # type: ignore[override]
        receive(request)

    def wait(self, seconds: float) -> None:
        """There is nothing to wait for."""


@pytest.fixture
def bench(qtbot: Any) -> Bench:
    dock = Dock()
    qtbot.addWidget(dock)
    made = Bench(ViewerModel(), dock, InstantRunner())
    dock.bench = made  # type: ignore[attr-defined]
    return made


def job(request: object, token: Token) -> Any:
    raise AssertionError("never run")


def test_a_result_goes_to_whoever_asked_and_a_failure_to_the_user(bench: Bench) -> None:
    results: list[object] = []
    bench.run(job, Done(7), results.append)
    assert results == [7]
    bench.run(job, Failed("The disk is full.", "Free some space."), results.append)
    bench.run(job, Cancelled(), results.append)
    assert results == [7]
    assert [level for level, _ in bench.dock.messages.shown] == ["error", "note"]


def test_a_result_that_cannot_be_used_is_told(bench: Bench) -> None:
    def refuse(result: object) -> None:
        raise UserError("The folder is empty; choose another.")

    bench.run(job, Done(None), refuse)
    assert bench.dock.messages.shown == [("error", "The folder is empty; choose another.")]


def test_who_handles_failures_himself_is_asked(bench: Bench) -> None:
    failures: list[Event] = []
    failed = Failed("No test case has a fine mask.", "Refine some.")
    bench.run(job, failed, lambda _: None, failures.append)
    assert failures == [failed]
    assert bench.dock.messages.shown == []


def test_without_a_project_the_user_is_told_what_to_do(bench: Bench) -> None:
    bench.attempt(lambda: bench.project)
    ((_, sentence),) = bench.dock.messages.shown
    assert "Open a folder" in sentence
