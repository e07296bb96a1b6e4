from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QLabel

from napari_unlearn.plugin import refining as refining_module
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.outline import outline
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


def test_every_step_can_be_undone_on_the_button_and_is_named(refining: UnlearnWidget) -> None:
    project = refining.controller.bench.project
    fine = fine_of(refining)
    fine.brush_size = 9
    fine.paint(tuple(np.argwhere(fine.data)[0]), 0)
    refining.controller.perform("tool_fill")
    fine.fill(tuple(np.argwhere(fine.data)[-1]), 0)
    assert project.undoable == "remove area"
    refining.controller.perform("undo")
    assert project.undoable == "trim"
    assert "Undone: remove area" in [label.text() for label in refining.findChildren(QLabel)]
    refining.controller.perform("undo")
    assert np.array_equal(fine.data, project.editing.coarse)
    artefacts = refining.controller.bench.book.find(Role.ARTEFACTS)
    assert not artefacts.data.any()
    refining.controller.perform("redo")
    assert artefacts.data.any()
    assert np.array_equal(artefacts.data > 0, (project.editing.coarse > 0) & (fine.data == 0))


def test_the_mask_shows_what_napari_itself_undoes_as_a_step(refining: UnlearnWidget) -> None:
    project = refining.controller.bench.project
    fine = fine_of(refining)
    fine.paint(tuple(np.argwhere(fine.data)[0]), 0)
    fine.undo()  # by a script: the key and the button go through the document
    assert np.array_equal(fine.data, project.editing.coarse)
    refining.controller.perform("undo")
    assert not np.array_equal(fine.data, project.editing.coarse)


def test_layers_that_are_added_one_after_another_show_what_the_step_is_about(
    dock: UnlearnWidget, own_sample: Any, qtbot: Any
) -> None:
    bench = dock.controller.bench
    dock.controller.opening.open(own_sample)
    qtbot.waitUntil(lambda: bench.book.find(Role.ARTEFACTS) is not None, timeout=60_000)
    assert bench.book.find(Role.COARSE).visible
    assert not bench.book.find(Role.FINE).visible
    assert not bench.book.find(Role.ARTEFACTS).visible


def test_a_case_that_is_taken_while_layers_are_still_added_gets_its_own_outline(
    dock: UnlearnWidget, own_sample: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refining_module, "BREATH", 300)
    bench = dock.controller.bench
    dock.controller.opening.open(own_sample)
    qtbot.waitUntil(lambda: bench.book.find(Role.COARSE) is not None, timeout=60_000)
    bench.project.select(next(case_id for case_id in bench.project.order if case_id != bench.project.case.id))
    qtbot.waitUntil(lambda: bench.book.find(Role.ARTEFACTS) is not None, timeout=60_000)
    qtbot.wait(700)
    assert np.array_equal(bench.book.find(Role.COARSE).data, outline(bench.project.editing.coarse))
    assert np.array_equal(bench.book.find(Role.FINE).data, bench.project.editing.fine)
