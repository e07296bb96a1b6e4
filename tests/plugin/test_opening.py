from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.encode import write_mask
from napari_unlearn.plugin import switching, unrefined
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project import CaseStatus
from napari_unlearn.project.store import Loaded


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


def test_a_case_that_is_still_being_read_stays_behind_with_its_data_set(
    bare_dock: UnlearnWidget, own_sample: Path, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switching, "AT_ONCE", 0)
    other = Path(shutil.copytree(own_sample, tmp_path / "other", ignore=shutil.ignore_patterns("unlearn-runs")))
    bench = bare_dock.controller.bench
    qtbot.waitUntil(lambda: bench.book.find(Role.ARTEFACTS) is not None, timeout=60_000)
    bare_dock.controller.perform("go_refine")
    before, load, may_end = bench.project, bench.project.load, threading.Event()

    def slow(case_id: str) -> Loaded:
        may_end.wait(60)
        return load(case_id)

    monkeypatch.setattr(before, "load", slow)
    bench.switching.go(before.order[-1])
    monkeypatch.setattr(unrefined, "FEW", 0)
    bench.unrefined.go(before.order, str)
    assert bench.book.find(Role.FINE).mode == "erase"
    bare_dock.controller.opening.open(other)
    qtbot.waitUntil(lambda: bench.project is not before, timeout=60_000)
    # Nobody would save what is painted on the layers of the data set before.
    assert bench.book.find(Role.FINE).mode == "pan_zoom"
    assert not bench.unrefined.task.state.busy
    may_end.set()
    qtbot.waitUntil(lambda: bench.project.case is not None, timeout=60_000)
    bench.runner.wait(60)
    qtbot.wait(100)
    assert other in bench.project.case.image_path.parents
    assert bench.project.case.id != before.order[-1]
