from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.proposal_texts import FLAGS
from napari_unlearn.plugin.proposing import Proposing
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.proposals.artefacts import DETECTORS


@pytest.fixture
def dock(bare_dock: UnlearnWidget) -> UnlearnWidget:
    bare_dock.controller.perform("next_unrefined")
    bare_dock.controller.perform("go_refine")
    return bare_dock


def proposing(dock: UnlearnWidget) -> Proposing:
    return dock.controller.desk.proposing


def ask(dock: UnlearnWidget, qtbot: Any, key: str = "propose") -> Any:
    dock.controller.perform(key)
    qtbot.waitUntil(lambda: not proposing(dock).task.state.busy, timeout=60_000)
    return proposing(dock)._shown.layer


def choose(dock: UnlearnWidget, name: str) -> None:
    chooser = dock.refine.proposals._methods
    chooser.setCurrentIndex(chooser.findData(name))


def test_a_proposal_changes_nothing_until_it_is_accepted_and_can_be_undone(dock: UnlearnWidget, qtbot: Any) -> None:
    project = dock.controller.bench.project
    before = project.editing.fine.copy()
    choose(dock, "colour-cut")
    layer = ask(dock, qtbot)
    proposed = layer.data.copy()
    assert np.array_equal(project.editing.fine, before)
    assert not np.array_equal(proposed, before)
    dock.controller.perform("accept_proposal")
    assert np.array_equal(project.editing.fine, proposed)
    assert np.array_equal(dock.controller.bench.book.find(Role.ARTEFACTS).data > 0, (before > 0) & (proposed == 0))
    assert proposing(dock)._shown.layer is None
    assert dock.refine._saved.text().startswith("✓ Saved")
    dock.controller.perform("undo")
    assert np.array_equal(project.editing.fine, before)
    assert dock.refine._saved.text().startswith("Undone: accept")


def test_what_was_brushed_on_a_proposal_is_accepted_with_it(dock: UnlearnWidget, qtbot: Any) -> None:
    choose(dock, "colour-cut")
    layer = ask(dock, qtbot)
    fine = dock.controller.bench.project.editing.fine
    before = fine.copy()
    dock.controller.perform("tool_trim")
    assert dock.controller.bench.viewer.layers.selection.active == layer
    assert str(layer.mode) == "erase"
    spot = tuple(np.argwhere(layer.data)[0])
    layer.paint(spot, 0)
    assert np.array_equal(fine, before)
    wanted = layer.data.copy()
    dock.controller.perform("accept_proposal")
    assert np.array_equal(fine, wanted)
    assert fine[spot] == 0


def test_a_rejected_proposal_leaves_nothing_behind(dock: UnlearnWidget, qtbot: Any) -> None:
    project = dock.controller.bench.project
    before = project.editing.fine.copy()
    choose(dock, "colour-cut")
    ask(dock, qtbot)
    dock.controller.perform("reject_proposal")
    assert np.array_equal(project.editing.fine, before)
    assert not any(layer.name == "Proposal" for layer in dock.controller.bench.viewer.layers)
    assert project.undoable == ""
    dock.controller.perform("tool_trim")
    assert dock.controller.bench.viewer.layers.selection.active == dock.controller.bench.book.find(Role.FINE)


@pytest.mark.parametrize("answer", ["accept_proposal", "reject_proposal"])
def test_the_tool_in_hand_brushes_the_proposal_and_then_the_fine_mask_again(
    answer: str, dock: UnlearnWidget, qtbot: Any
) -> None:
    bench = dock.controller.bench
    fine = bench.book.find(Role.FINE)
    choose(dock, "colour-cut")
    dock.controller.perform("tool_trim")
    layer = ask(dock, qtbot)
    assert bench.viewer.layers.selection.active == layer
    assert (str(layer.mode), layer.selected_label) == ("erase", 0)
    dock.controller.perform("tool_restore")
    assert (str(layer.mode), layer.selected_label) == ("paint", bench.project.editing.class_id)
    ask(dock, qtbot, "shrink")
    assert str(layer.mode) == "paint"
    dock.show_step(0)
    assert str(layer.mode) == "pan_zoom"  # a click on another page paints nothing
    dock.show_step(1)
    bench.viewer.layers.selection.active = layer
    dock.controller.perform(answer)
    assert bench.viewer.layers.selection.active == fine
    assert (str(fine.mode), fine.selected_label) == ("erase", 0)
    assert dock.refine._tools["tool_trim"].isChecked()


def test_changes_of_the_outline_go_on_from_what_is_proposed(dock: UnlearnWidget, qtbot: Any) -> None:
    fine = dock.controller.bench.project.editing.fine
    dock.refine.proposals._radius.setValue(2)
    first = ask(dock, qtbot, "shrink").data.copy()
    assert 0 < np.count_nonzero(first) < np.count_nonzero(fine)
    second = ask(dock, qtbot, "shrink").data.copy()
    assert 0 < np.count_nonzero(second) < np.count_nonzero(first)
    for key in ("grow", "smooth", "fill_holes"):
        assert ask(dock, qtbot, key).data.any()
    assert np.array_equal(fine, dock.controller.bench.project.editing.coarse)


def test_the_coarse_mask_is_left_only_where_that_is_allowed(dock: UnlearnWidget, qtbot: Any) -> None:
    editing = dock.controller.bench.project.editing
    ask(dock, qtbot, "grow")
    dock.controller.perform("accept_proposal")
    assert editing.outside == 0
    dock.refine.proposals._inside.click()
    ask(dock, qtbot, "grow")
    dock.controller.perform("accept_proposal")
    outside = editing.outside
    assert outside > 0
    assert dock.refine.proposals._outside.text() == f"{outside:,} px outside"
    dock.controller.perform("trim_outside")
    assert editing.outside == 0
    assert dock.refine.proposals._outside.text() == ""
    dock.controller.perform("undo")
    assert editing.outside == outside
    proposing(dock).keep_inside(True)
    assert dock.refine.proposals._inside.isChecked()


def test_another_case_drops_the_proposal_and_the_one_under_way(dock: UnlearnWidget, qtbot: Any) -> None:
    choose(dock, "colour-cut")
    ask(dock, qtbot)
    dock.controller.perform("propose")
    dock.controller.perform("next_case")
    dock.controller.bench.runner.wait(30)
    qtbot.wait(120)
    assert proposing(dock)._shown.layer is None
    assert not dock.refine.proposals._card.isVisibleTo(dock.refine)


def test_removing_the_layer_rejects_the_proposal(dock: UnlearnWidget, qtbot: Any) -> None:
    layer = ask(dock, qtbot, "shrink")
    dock.controller.bench.viewer.layers.remove(layer)
    assert not dock.refine.proposals._card.isVisibleTo(dock.refine)
    dock.controller.perform("accept_proposal")
    assert dock.controller.bench.project.undoable == ""


def test_what_cannot_be_proposed_is_said(dock: UnlearnWidget, qtbot: Any) -> None:
    choose(dock, "model")
    assert ask(dock, qtbot) is None
    assert "no model to ask" in dock.messages.shown[-1][1]


@pytest.mark.parametrize(("name", "flag"), FLAGS.items())
def test_an_artefact_is_proposed_and_accepted_with_its_own_flag(
    name: str, flag: int, dock: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = dock.controller.bench.project
    found = np.zeros(project.image.shape[:2], bool)
    found[2:5, 3:9] = True
    monkeypatch.setitem(DETECTORS, name, replace(DETECTORS[name], find=lambda image: found))
    choose(dock, name)
    assert "ISIC images that have it" in dock.refine.proposals._methods.toolTip()
    layer = ask(dock, qtbot)
    before = project.artefacts.array.copy()
    assert np.array_equal(layer.data > 0, found)
    dock.controller.perform("accept_proposal")
    assert np.array_equal(project.artefacts.array, np.where(found, before | flag, before & ~np.uint8(flag)))
