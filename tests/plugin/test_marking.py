"""Brushing the artefact map in the window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.artefacts import ALL_FLAGS, HAIR, RULER
from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project.history import ARTEFACTS


@pytest.fixture
def marking(bare_dock: UnlearnWidget) -> UnlearnWidget:
    """At a case to refine, with the brush for rulers in hand."""
    bare_dock.controller.perform("next_unrefined")
    bare_dock.controller.perform("go_refine")
    bare_dock.controller.perform("mark_artefacts")
    return bare_dock


def choose(dock: UnlearnWidget, flag: int) -> None:
    kinds = dock.refine.marking._kinds
    kinds.setCurrentIndex(kinds.findData(flag))
    kinds.activated.emit(kinds.currentIndex())


def layer_of(dock: UnlearnWidget) -> Any:
    return dock.controller.bench.book.find(Role.SPURIOUS)


def clear_place(dock: UnlearnWidget) -> tuple[int, int]:
    flags = dock.controller.bench.project.artefacts.array
    row, column = np.argwhere(flags == 0)[len(np.argwhere(flags == 0)) // 2]
    return int(row), int(column)


def test_marks_are_saved_for_whoever_measures_and_can_be_undone(marking: UnlearnWidget, qtbot: Any) -> None:
    project = marking.controller.bench.project
    before, place = project.artefacts.array.copy(), clear_place(marking)
    fine = project.editing.fine.copy()
    layer = layer_of(marking)
    assert marking.controller.bench.viewer.layers.selection.active == layer
    assert (str(layer.mode), layer.selected_label) == ("paint", RULER)
    layer.paint(place, layer.selected_label)
    choose(marking, HAIR)
    layer.paint(place, layer.selected_label)
    assert project.artefacts.array[place] == RULER | HAIR
    assert (project.artefacts.array & ~np.uint8(RULER | HAIR) == before & ~np.uint8(RULER | HAIR)).all()
    assert "hair" in marking.refine.marking._line.text()
    assert project.save_all()
    saved = open_dataset(project.dataset.root).case(project.case.id).artefacts()
    assert np.array_equal(saved, project.artefacts.array)
    assert np.array_equal(project.editing.fine, fine)

    marking.controller.perform("tool_trim")
    layer.paint(place, layer.selected_label)
    assert project.artefacts.array[place] == RULER
    for said in ("unmark hair", "mark hair", "mark ruler"):
        assert project.undoable == said
        marking.controller.perform("undo")
    assert np.array_equal(layer.data, before)
    marking.controller.perform("redo")
    assert layer.data[place] == RULER


def test_what_is_proposed_is_brushed_on_where_it_was_accepted(marking: UnlearnWidget) -> None:
    project = marking.controller.bench.project
    flags = project.artefacts.array | np.uint8(64)
    project.replace(ARTEFACTS, flags, "accept artefact")
    assert np.array_equal(layer_of(marking).data, flags)
    place = tuple(np.argwhere(flags)[0])
    layer_of(marking).paint(place, RULER)
    assert project.artefacts.array[place] & 64
    assert project.artefacts.array.max() <= ALL_FLAGS


def test_the_brush_follows_to_the_next_case_and_back_to_the_fine_mask(marking: UnlearnWidget, qtbot: Any) -> None:
    bench = marking.controller.bench
    layer, first = layer_of(marking), bench.project.case.id
    layer.paint(clear_place(marking), RULER)
    painted = bench.project.artefacts.array.copy()
    marking.controller.perform("next_unrefined")
    assert bench.project.case.id != first
    assert layer_of(marking).data is bench.project.artefacts.array
    assert layer_of(marking).visible
    assert bench.viewer.layers.selection.active == layer_of(marking)
    assert np.array_equal(open_dataset(bench.project.dataset.root).case(first).artefacts(), painted)

    marking.show_step(0)
    assert not layer_of(marking).visible
    assert str(layer_of(marking).mode) == "pan_zoom"
    marking.show_step(1)
    assert str(layer_of(marking).mode) == "paint"
    marking.controller.perform("mark_artefacts")
    assert layer_of(marking) is None
    fine = bench.book.find(Role.FINE)
    assert fine.visible
    assert bench.viewer.layers.selection.active == fine
    assert str(fine.mode) == "erase"


def test_removing_the_layer_ends_marking(marking: UnlearnWidget) -> None:
    bench = marking.controller.bench
    bench.viewer.layers.remove(layer_of(marking))
    assert not marking.controller.desk.marking.on
    marking.controller.perform("tool_trim")
    assert bench.viewer.layers.selection.active == bench.book.find(Role.FINE)


def test_a_map_that_cannot_be_read_is_told(bare_dock: UnlearnWidget) -> None:
    controller = bare_dock.controller
    root = controller.bench.project.dataset.root
    case = next(case for case in controller.bench.project.dataset.cases if case.artefact_path is not None)
    (root / "artefacts" / f"{case.id}.png").write_bytes(b"no picture")
    controller.bench.project.select(case.id)
    controller.perform("go_refine")
    controller.perform("mark_artefacts")
    assert not controller.desk.marking.on
    level, said = bare_dock.messages.shown[-1]
    assert level == "error"
    assert f"{case.id}.png" in said


def test_the_page_names_the_kind_that_is_marked_until_the_brush_is_for_the_mask_again(marking: UnlearnWidget) -> None:
    legend = marking.refine.legend
    assert "Ruler" in legend.entries
    choose(marking, HAIR)
    assert "Hair" in legend.entries
    assert "Ruler" not in legend.entries
    marking.controller.perform("mark_artefacts")
    assert "Dilation artefacts" in legend.entries
