from __future__ import annotations

import json
from typing import Any

import pytest

from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project import CaseStatus
from napari_unlearn.project.case_notes import CaseNotes


def test_a_note_is_in_the_project_the_list_and_the_trail(bare_dock: UnlearnWidget) -> None:
    project = bare_dock.controller.bench.project
    case_id = project.case.id
    bare_dock.data.remarks.note_written.emit(case_id, "Ask Vienna ")
    assert CaseNotes(project.runs).of(case_id).note == "Ask Vienna"
    bare_dock.data.cases._search.setText("vienna")
    assert bare_dock.data.cases.listed == (case_id,)
    assert bare_dock.refine.remarks._note.text() == "Ask Vienna"
    trail = next(path for path in project.runs.iterdir() if "audit" in path.name).read_text()
    assert "Ask Vienna" in trail


def test_an_excluded_case_is_marked_cannot_be_brushed_and_is_no_next_one(bare_dock: UnlearnWidget, qtbot: Any) -> None:
    controller = bare_dock.controller
    project, book = controller.bench.project, controller.bench.book
    controller.perform("next_unrefined")
    case_id = project.case.id
    assert project.status(case_id) is CaseStatus.UNREFINED
    controller.perform("go_refine")
    bare_dock.refine.remarks.exclusion_requested.emit(case_id, "Duplicate")
    assert project.status(case_id) is CaseStatus.EXCLUDED
    assert not book.find(Role.FINE).editable
    assert not bare_dock.findChild(object, "done_refining").isEnabled()
    bare_dock.data.cases._filter.setCurrentIndex(bare_dock.data.cases._filter.findData("excluded"))
    assert bare_dock.data.cases.listed == (case_id,)
    bare_dock.data.cases._filter.setCurrentIndex(0)
    seen = set()
    for _ in range(12):
        controller.perform("next_unrefined")
        seen.add(project.case.id)
    assert case_id not in seen
    controller.bench.switching.go(case_id)
    bare_dock.refine.remarks.inclusion_requested.emit(case_id)
    assert project.status(case_id) is CaseStatus.UNREFINED
    assert book.find(Role.FINE).editable
    lines = next(path for path in project.runs.iterdir() if "audit" in path.name).read_text()
    assert "Duplicate" in lines
    assert "included again" in lines


def test_notes_are_back_after_opening_again(bare_dock: UnlearnWidget, qtbot: Any) -> None:
    controller = bare_dock.controller
    project = controller.bench.project
    case_id = project.case.id
    bare_dock.data.remarks.note_written.emit(case_id, "Ask Vienna")
    bare_dock.data.remarks.exclusion_requested.emit(case_id, "Duplicate")
    controller.opening.open(project.dataset.root)
    qtbot.waitUntil(lambda: controller.bench.project is not project, timeout=60_000)
    bare_dock.data.cases._search.setText("vienna")
    assert bare_dock.data.cases.listed == (case_id,)
    assert controller.bench.project.status(case_id) is CaseStatus.EXCLUDED


def test_a_reason_that_is_missing_is_asked_for(bare_dock: UnlearnWidget) -> None:
    project = bare_dock.controller.bench.project
    bare_dock.data.remarks.exclusion_requested.emit(project.case.id, " ")
    assert bare_dock.messages.shown[-1][0] == "error"
    assert project.status(project.case.id) is not CaseStatus.EXCLUDED


def test_nothing_is_written_where_nothing_may_be(bare_dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    project = bare_dock.controller.bench.project
    monkeypatch.setattr(type(project), "read_only", "Open in another window.")
    bare_dock.data.remarks.note_written.emit(project.case.id, "Ask Vienna")
    assert bare_dock.messages.shown[-1] == ("error", "Open in another window.")
    assert not list(project.runs.glob("case-notes.json"))
    assert json.dumps(project.notes.excluded) == "{}"


def test_a_case_that_takes_part_again_can_be_brushed_at_once(bare_dock: UnlearnWidget) -> None:
    controller = bare_dock.controller
    controller.perform("next_unrefined")
    controller.perform("go_refine")
    case_id, layer = controller.bench.project.case.id, controller.bench.book.find(Role.FINE)
    bare_dock.refine.remarks.exclusion_requested.emit(case_id, "Duplicate")
    assert str(layer.mode) == "pan_zoom"
    bare_dock.refine.remarks.inclusion_requested.emit(case_id)
    assert str(layer.mode) == "erase"
    assert bare_dock.refine._tools["tool_trim"].isChecked()
