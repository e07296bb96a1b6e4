from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_unlearn.plugin.views import case_model
from napari_unlearn.plugin.views.case_model import CaseModel, CaseRow

HORIZONTAL = Qt.Orientation.Horizontal
ROWS = [
    CaseRow("a", "malignant", "train", "unrefined", {"age": "9", "site_name": "Vienna"}),
    CaseRow("b", "benign", "train", "refined", {"age": "70", "site_name": "graz"}),
    CaseRow("c", "benign", "test", "in progress", {"age": "", "site_name": "Lisbon"}),
    CaseRow("d", "benign", "test", "refined", {"age": "10", "site_name": ""}),
]


@pytest.fixture
def model(qtbot: Any) -> CaseModel:
    made = CaseModel()
    made.set_rows(ROWS)
    return made


def order(model: CaseModel) -> str:
    return "".join(model.index(k, 0).data() for k in range(model.rowCount()))


@pytest.mark.parametrize(
    ("column", "descending", "wanted"),
    [
        ("age", False, "adbc"),
        ("age", True, "bdac"),
        ("site_name", False, "bcad"),
        ("Diagnosis", False, "bcda"),
        ("Status", False, "cbda"),
        ("", False, "abcd"),
        ("", True, "dcba"),
    ],
)
def test_lines_come_in_the_order_of_any_column_and_unknown_ones_last(
    model: CaseModel, column: str, descending: bool, wanted: str
) -> None:
    model.sort_by(column, descending)
    assert order(model) == wanted


def test_what_it_is_sorted_by_is_shown(model: CaseModel) -> None:
    assert model.columns == ("Case", "Diagnosis", "Split", "Status", "Note", "age", "site_name")
    model.sort_by("site_name")
    assert model.headerData(2, HORIZONTAL) == "site name"
    assert [model.index(k, 2).data() for k in range(4)] == ["graz", "Lisbon", "Vienna", ""]
    model.sort_by("Diagnosis")
    assert model.headerData(2, HORIZONTAL) == "Split"


def test_sorting_keeps_what_has_changed_since(model: CaseModel) -> None:
    model.set_status("d", "excluded")
    model.set_note("d", "Ask Vienna")
    model.sort_by("age")
    model.sort_by("")
    assert model.line(3).status == "excluded"
    assert "ask vienna" in model.searchable(3)
    assert "Ask Vienna" in str(model.index(3, 0).data(Qt.ItemDataRole.ToolTipRole))


def test_other_cases_bring_no_notes_and_no_pictures_of_those_before(model: CaseModel) -> None:
    model.set_note("a", "x marks it")
    model.set_thumbnail("a", np.zeros((4, 4, 3), np.uint8))
    assert model.has_thumbnail("a")
    model.set_rows(ROWS)
    assert not model.has_thumbnail("a")
    assert "x marks" not in model.searchable(0)


def test_memory_for_pictures_is_bounded(model: CaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_model, "KEPT", 2)
    for name in ("a", "b", "c", "unknown"):
        model.set_thumbnail(name, np.zeros((4, 4, 3), np.uint8))
    assert [model.has_thumbnail(name) for name in ("a", "b", "c", "unknown")] == [False, True, True, False]
