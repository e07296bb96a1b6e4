"""One model of two runs, made where they are listed or compared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QPushButton

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.run_folder import verify_run
from napari_unlearn.plugin.history import title_of
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project.runs import list_runs


def wait(dock: UnlearnWidget, qtbot: Any) -> None:
    controller = dock.controller
    qtbot.waitUntil(
        lambda: not controller.bench.task.state.busy and not controller.predicting.task.state.busy, timeout=120_000
    )


def test_two_exact_runs_of_the_list_become_one_exact_model_in_use(
    open_dock: UnlearnWidget, run: Path, qtbot: Any
) -> None:
    controller = open_dock.controller
    project, in_use = controller.bench.project, controller.bench.project.model
    for name in ("one", "two"):
        shutil.copytree(run, project.runs / name)
    controller.history.toggle()
    panel = controller.history.panel
    panel.table.selectAll()
    QTest.mouseClick(panel.findChild(QPushButton, "compose_runs"), Qt.MouseButton.LeftButton)
    wait(open_dock, qtbot)
    made = next(found for found in list_runs(project.runs) if found.operator == "compose")
    assert (project.model, project.previous) == (made.model, in_use)
    assert verify_run(made.folder) == []
    assert (made.tier, made.epsilon) == ("exact", 0.0)
    assert title_of(made).startswith("Composition of two runs")
    methods = [panel.table.item(place, 1).text() for place in range(panel.table.rowCount())]
    assert methods.count("Composition of two runs") == 1


def test_one_run_beside_the_model_it_started_from_cannot_be_composed(
    open_dock: UnlearnWidget, run: Path, qtbot: Any
) -> None:
    controller = open_dock.controller
    shutil.copytree(run, controller.bench.project.runs / "one")
    (only,) = list_runs(controller.bench.project.runs)
    controller.history.compare.emit(None, only)
    wait(open_dock, qtbot)
    assert controller.facts().pair
    assert not controller.facts().two_runs
    with pytest.raises(UserError, match="Choose two runs"):
        controller.composing.compose_compared()
