"""Whatever happens in a job, it ends in one event that a person can read."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed, Progress
from napari_unlearn.jobs.guard import explain, guarded
from napari_unlearn.jobs.token import Token


def too_much_for_torch() -> None:
    torch.empty(1 << 50, dtype=torch.uint8)


def too_much_for_numpy() -> None:
    np.ones(1 << 58, np.uint8)


def throw(error: Exception) -> Callable[[], None]:
    def thrown() -> None:
        raise error

    return thrown


CASES = {
    "user": (throw(UserError("There is no image; add one.")), "There is no image; add one."),
    "runtime": (throw(RuntimeError("a b\nc")), "Something unexpected went wrong (RuntimeError: a b)."),
    "value": (throw(ValueError("odd")), "Something unexpected went wrong (ValueError: odd)."),
    "key": (throw(KeyError("k")), "Something unexpected went wrong (KeyError: 'k')."),
    "silent": (throw(AssertionError()), "Something unexpected went wrong (AssertionError)."),
    "cuda": (throw(torch.OutOfMemoryError("CUDA out of memory. Tried 2 GiB.")), "The graphics card ran out of memory."),
    "mps": (throw(RuntimeError("MPS backend out of memory (MPS allocated)")), "The graphics card ran out of memory."),
    "memory": (throw(MemoryError()), "The computer ran out of memory."),
    "torch": (too_much_for_torch, "The computer ran out of memory."),
    "numpy": (too_much_for_numpy, "The computer ran out of memory."),
    "full": (throw(OSError(errno.ENOSPC, "No space left on device")), "The disk is full."),
    "permission": (throw(PermissionError(13, "denied", "/data/x.png")), "/data/x.png cannot be written or read."),
    "nameless": (throw(PermissionError("denied")), "A file cannot be written or read."),
    "system": (throw(FileNotFoundError(2, "No such file", "/a")), "[Errno 2] No such file: '/a'."),
}


@pytest.mark.parametrize("name", CASES)
def test_every_exception_becomes_one_sentence_and_one_remedy(name: str) -> None:
    trouble, sentence = CASES[name]

    @guarded
    def job(request: int, token: Token) -> Iterator[Event]:
        yield Progress(0, 1, "Working")
        trouble()
        yield Done(request)

    events = list(job(1, Token()))
    assert len(events) == 2
    assert isinstance(events[1], Failed)
    assert events[1].sentence.endswith(sentence)
    assert events[1].remedy.startswith("Nothing was changed;")
    assert events[1].remedy.endswith(".")


@pytest.mark.parametrize(("name", "logged"), [("user", False), ("runtime", True), ("full", True)])
def test_only_what_the_user_did_not_cause_is_logged(name: str, logged: bool, caplog: pytest.LogCaptureFixture) -> None:
    @guarded
    def job(request: int, token: Token) -> Iterator[Event]:
        CASES[name][0]()
        yield Done(request)

    list(job(1, Token()))
    assert bool(caplog.records) is logged


@pytest.mark.parametrize(("name", "traceback"), [("memory", False), ("full", False), ("runtime", True)])
def test_the_command_line_shows_the_details_of_a_surprise_only(
    name: str, traceback: bool, caplog: pytest.LogCaptureFixture
) -> None:
    @guarded
    def job(request: int, token: Token) -> Iterator[Event]:
        CASES[name][0]()
        yield Done(request)

    list(job(1, Token()))
    assert [record.levelname == "ERROR" for record in caplog.records] == [traceback]


def test_a_full_disk_names_the_file_where_it_is_known() -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "/runs/a.json")
    assert explain(error).sentence == "/runs/a.json cannot be written: the disk is full."


def test_memory_of_the_computer_and_of_the_card_are_told_apart() -> None:
    assert "CPU" in explain(MemoryError()).remedy
    assert explain(RuntimeError("CUDA error: out of memory")).sentence == "The graphics card ran out of memory."


def test_a_job_that_succeeds_is_left_alone() -> None:
    @guarded
    def job(request: int, token: Token) -> Iterator[Event]:
        yield Progress(0, 1, "Working")
        yield Done(request)

    first, last = job(7, Token())
    assert first == Progress(0, 1, "Working")
    assert isinstance(last, Done)
    assert last.result == 7
    assert job.__name__ == "job"


def test_cancelling_between_two_events_ends_the_job_and_cleans_up() -> None:
    cleaned: list[str] = []
    token = Token()

    @guarded
    def job(request: int, token: Token) -> Iterator[Event]:
        try:
            for i in range(request):
                yield Progress(i, request, "Working")
            yield Done(None)
        finally:
            cleaned.append("yes")

    events = []
    for event in job(100, token):
        events.append(event)
        if len(events) == 3:
            token.cancel()
        if isinstance(event, Cancelled):
            assert cleaned == ["yes"]
    assert events == [
        Progress(0, 100, "Working"),
        Progress(1, 100, "Working"),
        Progress(2, 100, "Working"),
        Cancelled(),
    ]


def test_what_is_done_is_never_cancelled() -> None:
    token = Token()

    @guarded
    def job(request: int, token: Token) -> Iterator[Event]:
        yield Done(request)

    events = []
    for event in job(1, token):
        token.cancel()
        events.append(event)
    assert len(events) == 1
    assert isinstance(events[0], Done)


def test_a_job_that_is_given_up_is_closed() -> None:
    closed: list[str] = []

    @guarded
    def job(request: int, token: Token) -> Iterator[Event]:
        try:
            yield Progress(0, 1, "Working")
            yield Done(request)
        finally:
            closed.append("yes")

    running = job(1, Token())
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert closed == ["yes"]
