from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QComboBox, QLineEdit, QTableView

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.views.case_table import CaseRow, CaseTable, dot

ROWS = [
    CaseRow("a", "malignant", "train", "unrefined"),
    CaseRow("b", "benign", "train", "refined"),
    CaseRow("c", "benign", "test", "in progress"),
]


@pytest.fixture
def table(qtbot: Any) -> CaseTable:
    made = CaseTable()
    qtbot.addWidget(made)
    made.set_rows(ROWS)
    return made


def listed(table: CaseTable) -> list[str]:
    model = table.findChild(QTableView).model()
    return [model.index(k, 0).data() for k in range(model.rowCount())]


def test_search_and_filter_narrow_the_list(table: CaseTable) -> None:
    assert listed(table) == ["a", "b", "c"]
    table.findChild(QLineEdit, "case_search").setText("BENIGN")
    assert listed(table) == ["b", "c"]
    chooser = table.findChild(QComboBox, "case_filter")
    chooser.setCurrentIndex(chooser.findData("refined"))
    assert listed(table) == ["b"]


def test_what_is_listed_is_what_is_seen(table: CaseTable) -> None:
    table.findChild(QComboBox, "case_sort").setCurrentText("Split")
    assert list(table.listed) == listed(table) == ["c", "a", "b"]
    table.findChild(QLineEdit, "case_search").setText("benign")
    assert list(table.listed) == listed(table) == ["c", "b"]
    chooser = table.findChild(QComboBox, "case_filter")
    chooser.setCurrentIndex(chooser.findData("refined"))
    assert list(table.listed) == listed(table) == ["b"]


def test_pictures_are_asked_for_once_the_list_is_seen_and_for_what_has_none(table: CaseTable, qtbot: Any) -> None:
    asked: list[list[str]] = []
    table.thumbnails_wanted.connect(asked.append)
    table.set_thumbnail("b", np.zeros((8, 8, 3), np.uint8))
    qtbot.wait(150)
    assert asked == []
    table.resize(400, 500)
    table.show()
    qtbot.waitUntil(lambda: bool(asked), timeout=60_000)
    assert asked[0] == ["a", "c"]


def test_the_case_in_hand_stays_marked_when_the_order_changes(table: CaseTable) -> None:
    table.set_current("b")
    asked: list[str] = []
    table.chosen.connect(asked.append)
    table.findChild(QComboBox, "case_sort").setCurrentText("Split")
    view = table.findChild(QTableView)
    assert view.model().index(view.currentIndex().row(), 0).data() == "b"
    assert asked == []


def test_a_status_that_changes_changes_the_filter(table: CaseTable) -> None:
    chooser = table.findChild(QComboBox, "case_filter")
    chooser.setCurrentIndex(chooser.findData("refined"))
    table.set_status("a", "refined")
    assert listed(table) == ["a", "b"]


def test_only_the_user_choosing_a_case_asks_for_it(table: CaseTable) -> None:
    asked: list[str] = []
    table.chosen.connect(asked.append)
    table.set_current("b")
    assert asked == []
    table.findChild(QTableView).selectRow(2)
    assert asked == ["c"]


@pytest.mark.parametrize("status", colours.STATUS)
def test_each_status_looks_different(status: str, qtbot: Any) -> None:
    others = [dot(other).toImage() for other in colours.STATUS if other != status]
    assert dot(status).toImage() not in others


def test_a_case_in_hand_that_is_filtered_out_stays_in_hand(table: CaseTable, qtbot: Any) -> None:
    asked: list[str] = []
    table.chosen.connect(asked.append)
    table.set_current("a")
    search, view = table.findChild(QLineEdit, "case_search"), table.findChild(QTableView)
    search.setText("benign")
    qtbot.waitUntil(lambda: not view.currentIndex().isValid())
    search.setText("")
    qtbot.waitUntil(lambda: view.currentIndex().data() == "a")
    assert asked == []


def test_a_case_in_hand_whose_new_status_is_not_listed_stays_in_hand(table: CaseTable) -> None:
    asked: list[str] = []
    table.chosen.connect(asked.append)
    chooser = table.findChild(QComboBox, "case_filter")
    chooser.setCurrentIndex(chooser.findData("unrefined"))
    table.set_status("c", "unrefined")
    table.set_current("a")
    table.set_status("a", "refined")
    assert listed(table) == ["c"]
    assert asked == []
