from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project import CaseStatus


@pytest.fixture
def refining(open_dock: UnlearnWidget) -> UnlearnWidget:
    """Step 2, ready to brush."""
    open_dock.controller.perform("go_refine")
    return open_dock


def fine_of(dock: UnlearnWidget) -> Any:
    return dock.controller.bench.book.find(Role.FINE)


def test_the_first_stroke_trims(refining: UnlearnWidget) -> None:
    fine = fine_of(refining)
    assert str(fine.mode) == "erase"
    assert refining.controller.bench.viewer.layers.selection.active == fine


def test_tools_of_the_dock_and_of_napari_agree(refining: UnlearnWidget) -> None:
    fine = fine_of(refining)
    refining.controller.perform("tool_restore")
    assert str(fine.mode) == "paint"
    assert fine.selected_label == refining.controller.bench.project.editing.class_id
    fine.mode = "erase"
    assert refining.findChild(object, "tool_trim").isChecked()
    fine.mode = "pick"
    assert not refining.findChild(object, "tool_trim").isChecked()


def test_starting_again_from_coarse_is_saved_and_can_be_undone(refining: UnlearnWidget, qtbot: Any) -> None:
    fine = fine_of(refining)
    project = refining.controller.bench.project
    fine.brush_size = 9
    fine.paint(tuple(np.argwhere(fine.data)[0]), 0)
    trimmed = fine.data.copy()
    refining.controller.perform("start_from_coarse")
    assert np.array_equal(fine.data, project.editing.coarse)
    qtbot.waitUntil(lambda: not project.editing.dirty)
    assert np.array_equal(project.dataset.case(project.case.id).fine(), project.editing.coarse)
    refining.controller.perform("undo")
    assert np.array_equal(fine.data, trimmed)
    qtbot.waitUntil(lambda: not project.editing.dirty)
    assert np.array_equal(project.dataset.case(project.case.id).fine(), trimmed)


def test_done_goes_on_to_the_next_case_with_the_brush_in_hand(refining: UnlearnWidget, qtbot: Any) -> None:
    controller = refining.controller
    project = controller.bench.project
    done = project.case.id
    controller.perform("done_refining")
    assert project.status(done) is CaseStatus.REFINED
    assert project.case.id != done
    assert str(fine_of(refining).mode) == "erase"
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_leaving_the_step_puts_the_brush_down(refining: UnlearnWidget) -> None:
    refining.show_step(2)
    assert str(fine_of(refining).mode) == "pan_zoom"


def test_a_stroke_that_cannot_be_saved_is_told_and_kept(
    refining: UnlearnWidget, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    def full(path: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_unlearn.data.encode.atomic_write", full)
    fine = fine_of(refining)
    fine.paint(tuple(np.argwhere(fine.data)[0]), 0)
    qtbot.waitUntil(lambda: bool(refining.messages.shown))
    ((level, sentence),) = refining.messages.shown
    assert level == "error"
    assert "No space left" in sentence
    assert refining.controller.bench.project.editing.dirty
