"""The dock as a whole, with real jobs on a small sample."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from napari.settings import get_settings
from qtpy.QtWidgets import QLabel

from napari_unlearn.jobs import unlearn
from napari_unlearn.jobs.events import Event, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.state import JobState
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.shortcuts import SHORTCUTS
from napari_unlearn.plugin.widget import UnlearnWidget


def failing(request: object, token: Token) -> Iterator[Event]:
    yield Progress(0, 1, "Starting")
    raise RuntimeError("CUDA out of memory")


@guarded
def endless(request: object, token: Token) -> Iterator[Event]:
    while True:
        yield Progress(0, 0, "Going on")


def test_opening_the_dock_imports_no_torch() -> None:
    script = """
        import sys
        import napari
        from napari_unlearn.plugin import warm
        warm.start = lambda *_: None
        from napari_unlearn.plugin.widget import open_in
        viewer = napari.Viewer()
        open_in(viewer)
        from qtpy.QtWidgets import QApplication
        QApplication.processEvents()
        heavy = {"torch", "torchvision", "timm", "segmentation_models_pytorch", "matplotlib"} & set(sys.modules)
        viewer.close()
        assert not heavy, heavy
        assert "pyqtgraph" in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_failing_job_is_told_once_and_the_dock_goes_on(
    open_dock: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = open_dock.controller
    model = controller.bench.project.model
    with monkeypatch.context() as broken:
        broken.setattr(unlearn, "events", failing)
        controller.perform("unlearn")
        qtbot.waitUntil(lambda: controller.bench.task.state is JobState.FAILED, timeout=60_000)
        qtbot.wait(50)
    errors = [sentence for level, sentence in open_dock.messages.shown if level == "error"]
    assert len(errors) == 1
    assert "memory" in errors[0]
    assert controller.bench.project.model == model
    controller.perform("unlearn")
    assert controller.bench.task.state is JobState.RUNNING
    qtbot.waitUntil(lambda: controller.bench.project.previous == model, timeout=60_000)
    qtbot.waitUntil(lambda: not controller.bench.task.state.busy, timeout=60_000)
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_cancel_is_acknowledged_and_leaves_everything_as_it_was(
    open_dock: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = open_dock.controller
    model = controller.bench.project.model
    monkeypatch.setattr(unlearn, "events", endless)
    controller.perform("unlearn")
    qtbot.waitUntil(lambda: not open_dock.run.isHidden(), timeout=60_000)
    controller.perform("cancel")
    assert controller.bench.task.state is JobState.CANCELLING
    qtbot.waitUntil(lambda: controller.bench.task.state is JobState.CANCELLED, timeout=60_000)
    assert open_dock.run.isHidden()
    assert controller.bench.project.model == model
    assert not [level for level, _ in open_dock.messages.shown if level == "error"]


def test_a_removed_fine_mask_comes_back_with_its_content(open_dock: UnlearnWidget) -> None:
    controller = open_dock.controller
    controller.perform("go_refine")
    book = controller.bench.book
    fine = book.find(Role.FINE)
    fine.paint(tuple(np.argwhere(fine.data)[0]), 0)
    before = fine.data.copy()
    book.viewer.layers.remove(fine)
    controller.perform("next_case")
    controller.perform("previous_case")
    assert np.array_equal(book.find(Role.FINE).data, before)


def test_every_layer_may_be_removed_at_any_time(open_dock: UnlearnWidget, qtbot: Any) -> None:
    controller = open_dock.controller
    controller.perform("go_refine")
    controller.bench.viewer.layers.clear()
    for action in ("tool_trim", "undo", "start_from_coarse", "next_case", "toggle_artefacts", "done_refining"):
        controller.perform(action)
        controller.bench.viewer.layers.clear()
    controller.perform("go_refine")
    open_dock.show_step(0)
    open_dock.show_step(1)
    assert controller.bench.book.find(Role.FINE) is not None
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_a_wrong_folder_is_explained(dock: UnlearnWidget, tmp_path: Any, qtbot: Any) -> None:
    dock.controller.opening.open(tmp_path / "nothing here")
    qtbot.waitUntil(lambda: bool(dock.messages.shown), timeout=60_000)
    ((level, sentence),) = dock.messages.shown
    assert level == "error"
    assert "nothing here" in sentence
    assert not dock.controller.bench.has_project


def test_shortcuts_end_with_the_dock(dock: UnlearnWidget) -> None:
    controller = dock.controller
    viewer = controller.bench.viewer
    controller.keys.bind()
    bound = len(viewer.keymap)
    assert bound >= len(SHORTCUTS) > 7
    controller.keys.release()
    assert len(viewer.keymap) == bound - len(SHORTCUTS)


def test_titles_and_steps_follow_the_size_of_letters_that_napari_is_set_to(dock: UnlearnWidget) -> None:
    appearance = get_settings().appearance
    title = next(text for text in dock.data.findChildren(QLabel) if text.property("kind") == "title")
    old, high = appearance.font_size, dock.steps.sizeHint().height()
    before = title.fontInfo().pixelSize()
    try:
        appearance.font_size = old + 6
        assert title.fontInfo().pixelSize() > before
        assert dock.steps.sizeHint().height() > high
    finally:
        appearance.font_size = old
    assert title.fontInfo().pixelSize() == before
