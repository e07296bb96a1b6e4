from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton

from napari_unlearn.plugin.views.remarks import REASONS, Remarks

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def remarks(qtbot: Any) -> Remarks:
    made = Remarks()
    qtbot.addWidget(made)
    made.show()
    made.show_case("a", "", "")
    return made


def test_a_note_is_handed_over_once_and_with_its_case(remarks: Remarks) -> None:
    told: list[tuple[str, str]] = []
    remarks.note_written.connect(lambda *said: told.append(said))
    line = remarks.findChild(QLineEdit, "case_note")
    QTest.keyClicks(line, "blurred")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert told == [("a", "blurred")]
    QTest.keyClicks(line, " edge")
    remarks.show_case("b", "old note", "")
    assert told[1:] == [("a", "blurred edge")]
    remarks.show_case("c", "", "")
    assert len(told) == 2


def test_a_case_is_excluded_with_a_reason_and_taken_in_again(remarks: Remarks) -> None:
    out: list[tuple[str, str]] = []
    back: list[str] = []
    remarks.exclusion_requested.connect(lambda *said: out.append(said))
    remarks.inclusion_requested.connect(back.append)
    button = remarks.findChild(QPushButton, "exclude_open")
    reason = remarks.findChild(QComboBox, "exclude_reason")
    assert reason.isHidden()
    QTest.mouseClick(button, LEFT)
    assert not reason.isHidden()
    QTest.mouseClick(remarks.findChild(QPushButton, "exclude_case"), LEFT)
    assert out == [("a", REASONS[0])]
    QTest.keyClicks(reason.lineEdit(), "! and")
    remarks.show_case("a", "", "no lesion")
    assert remarks.findChild(QLabel, "excluded_because").text() == "Excluded: no lesion"
    assert reason.isHidden()
    QTest.mouseClick(button, LEFT)
    assert back == ["a"]
