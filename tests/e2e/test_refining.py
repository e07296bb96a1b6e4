"""Refining fast, with mouse and keys: the next case, a note, an exclusion, a proposal, the page of keys."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.project import CaseStatus
from napari_unlearn.project.case_notes import CaseNotes


def visible(person: Any, key: str) -> Any:
    (widget,) = [widget for widget in person.dock.findChildren(QWidget, key) if widget.isVisible()]
    return widget


def test_from_a_suggestion_to_a_mask_and_a_note(person: Any, sample: Dataset, tmp_path: Path) -> None:
    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    bench, desk = person.controller.bench, person.controller.desk
    person.controller.opening.open(root)
    person.wait(lambda: bench.has_project and bench.project.case is not None)
    project, cases = bench.project, person.dock.data.cases
    person.wait(lambda: cases._model.has_thumbnail(cases.listed[0]))

    chooser = visible(person, "case_sort")
    chooser.setFocus()
    QTest.keyClicks(chooser, "Diag")
    assert isinstance(chooser, QComboBox)
    first, second = cases.listed[:2]
    person.pick_case(first)
    person.wait(lambda: project.case.id == first)
    person.press(Qt.Key.Key_N)
    person.wait(lambda: project.case.id == second)

    note = visible(person, "case_note")
    assert isinstance(note, QLineEdit)
    QTest.mouseClick(note, Qt.MouseButton.LeftButton)
    QTest.keyClicks(note, "ask Vienna")
    person.click("exclude_open")
    person.click("exclude_case")
    assert project.status(second) is CaseStatus.EXCLUDED
    assert CaseNotes(project.runs).of(second).note == "ask Vienna"

    person.click("go_refine")
    person.click("suggest_next")
    person.wait(lambda: not desk.suggesting.task.state.busy)
    suggested = project.case.id
    assert suggested not in (first, second)
    assert visible(person, "suggest_reason").text().startswith("Suggested: ")
    assert isinstance(visible(person, "suggest_reason"), QLabel)
    person.press(Qt.Key.Key_J)
    person.wait(lambda: project.case.id != suggested)

    before = project.editing.fine.copy()
    person.click("propose")
    person.wait(lambda: not desk.proposing.task.state.busy)
    layer = desk.proposing._shown.layer
    rows, columns = np.nonzero(layer.data)
    person.click("tool_trim")
    person.stroke([(row, int(np.median(columns))) for row in np.linspace(rows.min(), rows.max(), 8)])
    brushed = layer.data.copy()
    assert np.array_equal(project.editing.fine, before)
    person.press(Qt.Key.Key_K)
    assert np.array_equal(project.editing.fine, brushed)
    assert brushed.any()

    assert not person.dock.help.isVisible()
    person.press(Qt.Key.Key_F1)
    assert person.dock.help.isVisible()
    QTest.keyClick(person.dock.help, Qt.Key.Key_Escape)
    assert not person.dock.help.isVisible()

    here = project.case.id
    person.dock.hide()
    person.press(Qt.Key.Key_N)
    person.press(Qt.Key.Key_F1)
    assert project.case.id == here
    assert not person.dock.help.isVisible()
    person.dock.show()
    person.press(Qt.Key.Key_N)
    person.wait(lambda: project.case.id != here)
