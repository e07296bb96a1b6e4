from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.plugin.enabling import RULES
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.shortcuts import SHORTCUTS
from napari_unlearn.plugin.widget import UnlearnWidget

SETTINGS = {
    "operator", "epsilon", "epsilon_slider", "delta", "counterfactual", "device", "brush_size",
    "forget_section", "forget_cases", "keep_coarse", "suggest_columns", "proposal_method", "stay_inside", "case_note",
    "exclude_open", "artefact_kind",
}  # fmt: skip


def test_every_button_and_every_key_does_something(dock: UnlearnWidget) -> None:
    actions = set(dock.controller.actions)
    assert set(RULES) - SETTINGS <= actions
    assert {name for name, _ in SHORTCUTS.values()} <= actions


def test_a_key_does_nothing_that_its_button_would_not(dock: UnlearnWidget) -> None:
    for key in ("unlearn", "next_unrefined", "done_refining", "export"):
        dock.controller.perform(key)
    assert dock.messages.shown == []
    assert not dock.controller.bench.task.state.busy


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        (0, {Role.IMAGE, Role.PREDICTION, Role.COARSE}),
        (1, {Role.IMAGE, Role.FINE, Role.ARTEFACTS, Role.COARSE}),
        (2, {Role.IMAGE, Role.ARTEFACTS, Role.COARSE}),
    ],
)
def test_each_step_shows_the_layers_it_is_about(open_dock: UnlearnWidget, step: int, shown: set[Role]) -> None:
    open_dock.show_step((step + 1) % 3)
    open_dock.show_step(step)
    book = open_dock.controller.bench.book
    visible = {role for role in Role if (layer := book.find(role)) is not None and layer.visible}
    assert visible == shown


def test_layers_of_others_stay_as_they_are(open_dock: UnlearnWidget, qtbot: Any) -> None:
    viewer = open_dock.controller.bench.viewer
    own = viewer.add_points([[1, 1]], name="my points")
    open_dock.show_step(1)
    open_dock.controller.perform("next_case")
    assert own in viewer.layers
    assert own.visible
    qtbot.waitUntil(lambda: not open_dock.controller.predicting.task.state.busy, timeout=60_000)


def test_the_numbers_of_the_case_are_those_of_its_mask_once_that_is_done(
    open_dock: UnlearnWidget, run: Path, qtbot: Any
) -> None:
    controller = open_dock.controller
    project, table = controller.bench.project, open_dock.compare.case_table
    project.revise(run / "model")
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)

    def dice() -> list[str]:
        open_dock.show_step(1)
        open_dock.show_step(3)
        return [table.item(0, column).text() for column in range(4)]

    project.editing.fine[...] = 0
    project.editing.touch()
    project.record()
    assert dice() == ["Dice (mask in progress)", "–", "–", ""]
    assert project.finish()
    assert dice()[:3] == ["Dice", "0.000", "0.000"]
