from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import QEvent
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_unlearn.plugin.closing import Closing


class ByUser(QCloseEvent):
    """A closing that comes from the window's frame."""

    def spontaneous(self) -> bool:
        return True


@pytest.mark.parametrize(("busy", "answer", "held"), [(True, False, True), (True, True, False), (False, False, False)])
def test_a_window_with_a_job_is_closed_only_on_purpose(
    busy: bool, answer: bool, held: bool, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    monkeypatch.setattr("napari_unlearn.plugin.closing.confirm", lambda *_: answer)
    window = QWidget()
    qtbot.addWidget(window)
    dock = QWidget()
    QVBoxLayout(window).addWidget(dock)
    closing = Closing(dock, lambda: busy)
    closing.watch()
    event = ByUser()
    assert closing.eventFilter(window, event) is held
    assert event.isAccepted() is not held


def test_a_program_that_closes_the_window_is_not_asked(monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    asked: list[int] = []
    monkeypatch.setattr("napari_unlearn.plugin.closing.confirm", lambda *_: asked.append(1))
    window = QWidget()
    qtbot.addWidget(window)
    closing = Closing(window, lambda: True)
    closing.watch()
    window.show()
    assert window.close()
    assert not closing.eventFilter(window, QEvent(QEvent.Type.Close))
    assert asked == []


@pytest.mark.parametrize(
    ("answers", "held", "asked"), [((False,), True, 1), ((True, False), True, 2), ((True, True), False, 2)]
)
def test_work_that_the_disk_refuses_is_lost_only_on_purpose(
    answers: tuple[bool, ...], held: bool, asked: int, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    questions: list[str] = []

    def answer(parent: QWidget, title: str, question: str) -> bool:
        questions.append(question)
        return answers[len(questions) - 1]

    monkeypatch.setattr("napari_unlearn.plugin.closing.confirm", answer)
    window = QWidget()
    qtbot.addWidget(window)
    closing = Closing(window, lambda: True, lambda: ("case-1", "case-2"))
    assert closing.eventFilter(window, ByUser()) is held
    assert len(questions) == asked
    assert "case-1, case-2" in questions[0]
