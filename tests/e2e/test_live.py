"""Unlearning while brushing, in the real window."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.run_folder import verify_run
from napari_unlearn.plugin.layers import Role


def test_a_stroke_changes_the_prediction_and_every_state_has_its_certificate(
    person: Any, sample: Dataset, model: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    controller = person.controller
    bench, live, book = controller.bench, controller.live, controller.bench.book
    controller.opening.open(root, model)
    person.wait(lambda: bench.has_project and bench.project.case is not None)
    person.wait_for_predictions()
    case_id = next(case.id for case in sample.split("train") if case.is_refined)
    person.pick_case(case_id)
    person.click("go_refine")
    person.wait_for_predictions()

    def line() -> str:
        (label,) = person.dock.findChild(QWidget, "live_line").findChildren(QLabel)
        return str(label.text())

    switch, keep = (person.dock.findChild(QPushButton, key) for key in ("live", "live_keep"))
    assert not keep.isEnabled()
    person.click("live")
    assert switch.isChecked()
    assert line().startswith("Getting ready")
    person.wait(lambda: live.state is not None)
    assert "ε = " in line()
    assert "state 1 of 10,000" in line()
    shown = book.find(Role.PREDICTION)
    assert shown.visible
    before = shown.data.copy()
    assert np.array_equal(before, live.state.prediction)

    fine = book.find(Role.FINE).data
    rows, columns = np.nonzero(fine)
    person.controller.refining._set_brush_size(14)
    for row in np.linspace(rows.min(), rows.max() - 4, 4):
        person.stroke([(row, column) for column in np.linspace(columns.min(), columns.max(), 8)])
    last = live._inbox._generation
    assert last == 4
    person.wait(lambda: live.state.generation == last and live.state.due == 0)
    assert book.find(Role.PREDICTION) is shown  # never another layer, only other data
    assert np.array_equal(shown.data, live.state.prediction)
    assert not np.array_equal(shown.data, before)
    assert f"state {live.state.state} of 10,000" in line()
    assert "Certified head" in person.dock.findChild(QWidget, "live_line").toolTip()

    following = next(case.id for case in sample.split("train") if case.is_refined and case.id != case_id)
    bench.project.select(following)
    person.wait(lambda: live.state.case_id == following)
    person.wait_for_predictions()
    assert np.array_equal(shown.data, live.state.prediction)

    state = live.state
    person.click("live_keep")
    person.wait(lambda: bench.project.previous is not None)
    assert not live.on
    assert not switch.isChecked()
    run = bench.project.model.parent
    assert verify_run(run) == []
    assert json.loads((run / "certificate.json").read_text())["attempts"] == state.state
    person.wait(lambda: not bench.task.state.busy)
    person.wait_for_predictions()
    assert not [text for level, text in person.dock.messages.shown if level == "error"]
