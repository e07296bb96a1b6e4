"""Two canvases that move as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.plugin.beside import camera_of
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import UnlearnWidget


def test_both_views_show_the_case_in_hand_and_move_together_until_another_view_is_chosen(
    open_dock: UnlearnWidget, run: Path, qtbot: Any
) -> None:
    controller = open_dock.controller
    beside, bench, book = controller.beside, controller.bench, controller.bench.book

    def settled() -> bool:
        return not bench.task.state.busy and not controller.predicting.task.state.busy

    bench.project.revise(run / "model")
    qtbot.waitUntil(settled, timeout=120_000)
    controller.perform("show_beside")
    assert book.find(Role.BEFORE).visible
    assert not book.find(Role.AFTER).visible
    second = beside.model
    assert [layer.name for layer in second.layers] == [Role.IMAGE, Role.AFTER, Role.COARSE]
    assert second.layers[Role.AFTER.value].data is book.find(Role.AFTER).data
    first = beside._camera
    for leader, follower in ((first, camera_of(second)), (camera_of(second), first)):
        leader.zoom, leader.center = leader.zoom * 1.7, (0.0, 11.0, 13.0)
        assert follower.zoom == leader.zoom
        assert np.allclose(follower.center, leader.center)

    controller.perform("next_case")
    qtbot.waitUntil(settled, timeout=120_000)
    for role in (Role.IMAGE, Role.AFTER):
        assert second.layers[role.value].data is book.find(role).data
    bench.viewer.layers.remove(book.find(Role.AFTER))
    second.layers.remove(second.layers[Role.COARSE.value])
    beside.refresh()
    assert Role.AFTER.value not in second.layers
    assert Role.COARSE.value in second.layers

    controller.perform("show_split")
    assert beside.model is None
    zoom = camera_of(second).zoom
    first.zoom = 1.0
    assert camera_of(second).zoom == zoom
    controller.perform("show_beside")
    open_dock.show_step(0)
    assert beside.model is None


@pytest.mark.parametrize("near", [1.0, 6.0])
def test_both_views_show_as_much_of_the_image_as_one_did(
    near: float, open_dock: UnlearnWidget, run: Path, qtbot: Any
) -> None:
    controller = open_dock.controller
    beside, bench = controller.beside, controller.bench
    bench.project.revise(run / "model")
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=120_000)
    camera, canvas = beside._camera, open_dock.window().centralWidget().width()
    camera.zoom *= near
    before, whole = camera.zoom, bench.book.find(Role.IMAGE).data.shape[1]
    in_sight = min(whole, canvas / before)
    controller.perform("show_beside")
    assert camera_of(beside.model).zoom == camera.zoom <= before
    assert in_sight <= beside._width / camera.zoom + 1 <= 2 * in_sight
    controller.perform("show_after")
    assert camera.zoom == pytest.approx(before)


def test_the_window_closes_with_both_views_open(
    open_dock: UnlearnWidget, run: Path, qtbot: Any, make_napari_viewer: Callable[..., Any]
) -> None:
    controller = open_dock.controller
    controller.bench.project.revise(run / "model")
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=120_000)
    controller.perform("show_beside")
    assert controller.beside.view is not None
