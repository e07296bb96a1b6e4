from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.encode import write_mask
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project import CaseStatus


def test_the_first_case_to_refine_is_in_hand(open_dock: UnlearnWidget) -> None:
    project = open_dock.controller.bench.project
    assert project.case is not None
    assert project.case.split == "train"
    assert project.status(project.case.id) is CaseStatus.UNREFINED


def test_a_folder_that_is_no_model_is_refused(
    open_dock: UnlearnWidget, tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_unlearn.plugin.opening.choose_folder", lambda *_: tmp_path)
    open_dock.controller.perform("choose_model")
    (level, sentence) = open_dock.messages.shown[-1]
    assert level == "error"
    assert "safetensors" in sentence
    assert open_dock.controller.bench.project.model == model


def test_a_run_folder_stands_for_the_model_in_it(
    open_dock: UnlearnWidget, run: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    controller = open_dock.controller
    monkeypatch.setattr("napari_unlearn.plugin.opening.choose_folder", lambda *_: run)
    controller.perform("choose_model")
    assert controller.bench.project.model == run / "model"
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_fine_pixels_outside_the_coarse_mask_are_reported_and_removed_on_request(
    open_dock: UnlearnWidget, qtbot: Any
) -> None:
    controller = open_dock.controller
    project = controller.bench.project
    case = project.dataset.refined("train")[0]
    fine = case.coarse()
    stray = np.argwhere(fine == 0)[:3]
    fine[tuple(stray.T)] = 1
    assert case.fine_path is not None
    write_mask(case.fine_path, fine)
    project.select(case.id)
    level, sentence = open_dock.messages.shown[-1]
    assert level == "note"
    assert "3 pixels" in sentence
    assert project.editing is not None
    assert project.editing.outside == 3
    open_dock.messages._act.click()
    assert project.editing.outside == 0
    qtbot.waitUntil(lambda: not project.editing.dirty)
    saved = project.dataset.case(case.id).fine()
    assert saved is not None
    assert np.array_equal(saved, project.editing.fine)
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)
