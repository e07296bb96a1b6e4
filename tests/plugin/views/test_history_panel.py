from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QPushButton

from napari_unlearn.plugin.views.history_panel import HistoryPanel, HistoryRow


def line(key: str, dice: float | None, in_use: bool = False, again: bool = True) -> HistoryRow:
    return HistoryRow(key, f"2030-01-0{key}", "Exact refit", "Exact", 0.0, dice, None, -0.1, 12.0, in_use, key, again)


@pytest.fixture
def panel(qtbot: Any) -> HistoryPanel:
    made = HistoryPanel()
    qtbot.addWidget(made)
    made.resize(900, 240)
    made.show()
    made.show_rows([line("1", 0.9), line("2", None), line("3", 0.95, in_use=True), line("4", 0.8, again=False)])
    return made


def order(panel: HistoryPanel) -> list[str]:
    return [panel.table.item(place, 0).toolTip() for place in range(panel.table.rowCount())]


def choose(panel: HistoryPanel, key: str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    place = panel.table.visualItemRect(panel.table.item(order(panel).index(key), 1)).center()
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def usable(panel: HistoryPanel) -> set[str]:
    return {
        key
        for key in ("compare_runs", "compose_runs", "restore_run", "rerun")
        if panel.findChild(QPushButton, key).isEnabledTo(panel)
    }


def test_the_newest_run_is_on_top_and_a_click_on_a_heading_sorts_by_number(panel: HistoryPanel) -> None:
    assert order(panel) == ["4", "3", "2", "1"]
    header = panel.table.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(4) + 10, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    rising = ["2", "4", "1", "3"]  # what was not measured is least
    assert order(panel) in (rising, rising[::-1])
    first = order(panel)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert order(panel) == first[::-1]


def test_what_can_be_done_follows_from_what_is_chosen(panel: HistoryPanel) -> None:
    assert usable(panel) == set()
    choose(panel, "1")
    assert panel.chosen == ["1"]
    assert usable(panel) == {"compare_runs", "restore_run", "rerun"}
    choose(panel, "2", Qt.KeyboardModifier.ControlModifier)
    assert usable(panel) == {"compare_runs", "compose_runs"}
    panel.show_busy(True)
    assert usable(panel) == {"compare_runs"}
    panel.show_busy(False)
    choose(panel, "3", Qt.KeyboardModifier.ControlModifier)
    assert usable(panel) == set()
    choose(panel, "3")
    assert usable(panel) == {"compare_runs", "rerun"}  # it is in use
    choose(panel, "4")
    assert usable(panel) == {"compare_runs", "restore_run"}
    panel.show_busy(True)
    assert usable(panel) == {"compare_runs"}


def test_what_was_chosen_stays_when_another_run_is_added(panel: HistoryPanel) -> None:
    choose(panel, "2")
    panel.show_rows([line("1", 0.9), line("2", 0.7), line("5", 0.5)])
    assert panel.chosen == ["2"]
    assert order(panel) == ["5", "2", "1"]


def test_buttons_and_a_double_click_ask(panel: HistoryPanel) -> None:
    asked: list[str] = []
    panel.requested.connect(asked.append)
    choose(panel, "1")
    for key in ("compare_runs", "restore_run", "rerun"):
        QTest.mouseClick(panel.findChild(QPushButton, key), Qt.MouseButton.LeftButton)
    place = panel.table.visualItemRect(panel.table.item(order(panel).index("1"), 1)).center()
    QTest.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert asked == ["compare_runs", "restore_run", "rerun", "compare_runs"]


def test_times_have_a_unit(panel: HistoryPanel) -> None:
    assert panel.table.item(0, 7).text() == "12 s"
