"""The list of runs in a window: restore, compare and repeat."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel, QPushButton

from napari_unlearn.plugin.history import title_of
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project.runs import keep_measured, list_runs


@pytest.fixture
def listed(open_dock: UnlearnWidget, run: Path, qtbot: Any) -> Iterator[UnlearnWidget]:
    """The dock on a project with two runs, and the list open."""
    runs = open_dock.controller.bench.project.runs
    for name, created in (("one", "2030-01-01T10:00:00+00:00"), ("two", "2030-01-02T10:00:00+00:00")):
        copy = Path(shutil.copytree(run, runs / name))
        record = json.loads((copy / "certificate.json").read_text())
        (copy / "certificate.json").write_text(json.dumps({**record, "created": created}))
    open_dock.controller.perform("history")
    yield open_dock
    wait(open_dock, qtbot)


def wait(dock: UnlearnWidget, qtbot: Any) -> None:
    controller = dock.controller
    qtbot.waitUntil(
        lambda: not controller.bench.task.state.busy and not controller.predicting.task.state.busy, timeout=120_000
    )


def choose(dock: UnlearnWidget, *names: str) -> None:
    panel = dock.controller.history.panel
    panel.table.clearSelection()
    for place in range(panel.table.rowCount()):
        if panel.table.item(place, 0).data(Qt.ItemDataRole.UserRole + 1) in names:
            modifier = Qt.KeyboardModifier.ControlModifier
            where = panel.table.visualItemRect(panel.table.item(place, 0)).center()
            QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, modifier, where)
    assert set(panel.chosen) == set(names)


def press(dock: UnlearnWidget, key: str) -> None:
    button = dock.controller.history.panel.findChild(QPushButton, key)
    assert button.isEnabledTo(dock.controller.history.panel)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def texts(dock: UnlearnWidget) -> str:
    return " ".join(label.text() for label in dock.compare.findChildren(QLabel) if not label.isHidden())


def test_a_run_is_restored_with_the_model_it_started_from(listed: UnlearnWidget, model: Path, qtbot: Any) -> None:
    project = listed.controller.bench.project
    choose(listed, "one")
    press(listed, "restore_run")
    assert project.model == project.runs / "one" / "model"
    assert project.previous == model
    assert listed.step == "Compare"
    panel = listed.controller.history.panel
    in_use = [panel.table.item(place, 8).text() for place in range(2)]
    assert in_use == ["", "● in use"]  # the newer one is on top
    wait(listed, qtbot)


def test_two_runs_are_compared_and_the_model_in_use_stays(listed: UnlearnWidget, model: Path, qtbot: Any) -> None:
    controller = listed.controller
    bench, project = controller.bench, controller.bench.project
    for name, dice in (("one", 0.5), ("two", 0.75)):
        numbers = {"splits": {"test": {"dice": dice, "auroc": None, "leakage": None, "cases": 3}}}
        keep_measured(project.runs / name, numbers, None)
    controller.history.refresh()
    choose(listed, "one", "two")
    press(listed, "compare_runs")
    assert project.model == model
    assert bench.pair == (project.runs / "one" / "model", project.runs / "two" / "model")
    assert listed.step == "Compare"
    newer, older = list_runs(project.runs)
    assert title_of(older) in texts(listed)
    assert title_of(newer) in texts(listed)
    table = listed.compare.table
    assert [table.item(1, column).text() for column in range(3)] == ["Dice", "0.500", "0.750"]
    assert all(listed.findChild(QPushButton, key).isHidden() for key in ("export", "discard"))
    wait(listed, qtbot)
    assert bench.book.find(Role.AFTER) is not None
    assert bench.book.find(Role.BEFORE) is not None
    controller.perform("compare_current")
    assert bench.pair is None
    wait(listed, qtbot)
    assert bench.book.find(Role.BEFORE) is None


def test_another_step_is_about_the_model_in_use_again(listed: UnlearnWidget, qtbot: Any) -> None:
    bench = listed.controller.bench
    choose(listed, "two")
    press(listed, "compare_runs")
    assert bench.pair is not None
    listed.show_step(0)
    assert bench.pair is None
    wait(listed, qtbot)
    assert bench.book.find(Role.PREDICTION) is not None


def test_a_run_is_repeated_into_a_folder_of_its_own_and_measured(listed: UnlearnWidget, qtbot: Any) -> None:
    project = listed.controller.bench.project
    choose(listed, "one")
    press(listed, "rerun")
    wait(listed, qtbot)
    runs = list_runs(project.runs)
    assert len(runs) == 3
    (new,) = [run for run in runs if run.folder.name not in ("one", "two")]
    assert project.model == new.model
    assert new.request == runs[-1].request
    assert new.measured is not None
    assert listed.controller.history.panel.table.rowCount() == 3


def test_a_run_that_does_not_say_where_it_started_needs_a_second_one(listed: UnlearnWidget) -> None:
    project = listed.controller.bench.project
    (project.runs / "two" / "metrics.json").write_text("{}")
    listed.controller.history.refresh()
    choose(listed, "two")
    press(listed, "compare_runs")
    assert "choose a second run" in listed.messages.shown[-1][1]
    assert not listed.controller.history.panel.findChild(QPushButton, "rerun").isEnabledTo(
        listed.controller.history.panel
    )


def test_the_list_closes_and_opens_again(listed: UnlearnWidget) -> None:
    history = listed.controller.history
    assert history.panel is not None
    history.close()
    assert history.panel is None
    history.toggle()
    assert history.panel.table.rowCount() == 2
