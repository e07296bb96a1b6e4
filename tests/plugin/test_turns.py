from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import QObject, QTimer

from napari_unlearn.plugin.turns import Turns


@pytest.fixture
def turns(qapp: Any) -> Turns:
    owner = QObject()
    made = Turns(owner)
    made.owner = owner  # else it goes at once, and takes its child along
    return made


def test_the_window_draws_and_listens_between_two_steps(turns: Turns, qtbot: Any) -> None:
    done: list[str] = []
    beats = QTimer()
    beats.timeout.connect(lambda: done.append("beat"))
    beats.start(0)
    turns.start(lambda: done.append("first"), lambda: done.append("second"))
    assert turns.busy
    assert done == []
    qtbot.waitUntil(lambda: "second" in done, timeout=60_000)
    beats.stop()
    first, second = done.index("first"), done.index("second")
    assert "beat" in done[:first]
    assert "beat" in done[first:second]
    assert not turns.busy


def test_steps_that_are_started_later_take_the_place_of_those_left(turns: Turns, qtbot: Any) -> None:
    done: list[str] = []
    turns.start(lambda: turns.start(lambda: done.append("new")), lambda: done.append("old"), breath=1)
    qtbot.waitUntil(lambda: done != [], timeout=60_000)
    qtbot.wait(50)
    assert done == ["new"]


def test_a_step_that_fails_keeps_nobody_from_the_next(turns: Turns, qtbot: Any) -> None:
    done: list[str] = []

    def fail() -> None:
        raise ValueError("a defect")

    with qtbot.captureExceptions() as caught:
        turns.start(fail, lambda: done.append("next"), breath=1)
        qtbot.waitUntil(lambda: done != [], timeout=60_000)
    assert [str(value) for _, value, _ in caught] == ["a defect"]


def test_what_is_stopped_is_forgotten(turns: Turns, qtbot: Any) -> None:
    done: list[str] = []
    turns.start(lambda: done.append("step"), breath=1)
    turns.stop()
    qtbot.wait(50)
    assert done == []
    assert not turns.busy
