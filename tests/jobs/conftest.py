"""Running jobs to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed


@pytest.fixture(scope="session")
def finish() -> Callable[[Iterable[Event]], object]:
    """A function that takes a job to its end and returns the result; the job must succeed, and end once."""

    def run(events: Iterable[Event]) -> object:
        *before, last = events
        assert not [event for event in before if isinstance(event, Done | Failed | Cancelled)]
        assert isinstance(last, Done), last
        return last.result

    return run


@pytest.fixture(scope="session")
def failure() -> Callable[[Iterable[Event]], str]:
    """A function that takes a job to its end and returns the sentence; the job must fail, and end once."""

    def run(events: Iterable[Event]) -> str:
        *before, last = events
        assert not [event for event in before if isinstance(event, Done | Failed | Cancelled)]
        assert isinstance(last, Failed), last
        assert "Nothing was changed" in last.remedy
        assert last.sentence.strip().endswith(".")
        return last.sentence

    return run
