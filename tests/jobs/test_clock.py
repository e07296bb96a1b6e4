"""Remaining time."""

from __future__ import annotations

import time

import pytest

from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.token import Token


def test_the_rest_goes_on_at_the_pace_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 112.0, 112.0, 130.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    clock = Clock()
    assert clock.remaining(3, 12) == pytest.approx(12.0 / 3 * 9)
    assert clock.remaining(12, 12) == 0.0
    assert clock.elapsed == 30.0


@pytest.mark.parametrize(("done", "total"), [(0, 10), (0, 0), (3, 0)])
def test_without_a_pace_there_is_no_guess(done: int, total: int) -> None:
    assert Clock().remaining(done, total) is None


def test_a_total_that_was_too_small_does_not_turn_time_back() -> None:
    assert Clock().remaining(7, 5) == 0.0


def test_time_in_which_the_job_was_held_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 130.0, 130.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    token = Token()
    token.held = 5.0  # before this clock
    clock = Clock(token)
    token.held += 20.0
    assert clock.elapsed == 10.0
    assert clock.remaining(1, 3) == pytest.approx(20.0)
