"""The map of cases below the image, with a real mouse."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.feature_space import FeatureSpace
from napari_unlearn.plugin.layers import Role


@pytest.fixture
def mapped(person: Any, sample: Dataset, tmp_path: Path, qtbot: Any) -> Any:
    """Somebody with the map of four cases below the image."""
    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    bench = person.controller.bench
    person.controller.opening.open(root)
    person.wait(lambda: bench.has_project and bench.project.case is not None)
    cases = tuple(case.id for case in sample.cases[:4])
    plane = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
    space = FeatureSpace(
        cases,
        ("before", "after"),
        np.stack([plane, plane[::-1]]),
        (0.5, 0.3),
        ("benign", "malignant", "benign", "malignant"),
        ("none", "ruler", "ink", "ruler"),
        ("held out", "refined, some forgotten", "held out", "held out"),
    )
    person.controller.feature_map._on_done(space)
    qtbot.wait(100)
    return person


def click(person: Any, place: np.ndarray, drag: int = 0) -> None:
    """Click in the canvas at a place of the world, and move the mouse by so many pixels before letting go."""
    first = person._place(tuple(place))
    left, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseMove(person._canvas, first)
    QTest.mousePress(person._canvas, left, plain, first)
    for _ in range(drag):
        first.setX(first.x() + 1)
        QTest.mouseMove(person._canvas, first)
        person._qtbot.wait(5)
    QTest.mouseRelease(person._canvas, left, plain, first)
    person._qtbot.wait(50)


def test_a_click_on_a_point_opens_its_case_and_dragging_does_not(mapped: Any) -> None:
    project, layer = mapped.controller.bench.project, mapped.controller.feature_map.layer
    assert not layer.editable
    ids = list(layer.features["case"])
    for place in (3, 1, 6):  # of both panels
        case_id = ids[place]
        assert project.case.id != case_id
        click(mapped, np.array(layer.data_to_world(layer.data[place])))
        mapped.wait(lambda case_id=case_id: project.case.id == case_id)
    before = project.case.id
    other = next(k for k, case_id in enumerate(ids) if case_id != before)
    click(mapped, np.array(layer.data_to_world(layer.data[other])), drag=12)
    click(mapped, np.array(layer.data_to_world((2.0, 2.0))))  # the image, where no point is
    assert project.case.id == before


def test_a_map_that_was_renamed_still_opens_cases_and_one_that_was_removed_leaves_nothing_behind(mapped: Any) -> None:
    controller, viewer = mapped.controller, mapped.viewer
    layer = controller.feature_map.layer
    place = np.array(layer.data_to_world(layer.data[3]))
    layer.name = "mine"
    click(mapped, place)
    mapped.wait(lambda: controller.bench.project.case.id == layer.features["case"].iloc[3])
    viewer.layers.remove(layer)
    assert controller.feature_map.layer is None
    before = controller.bench.project.case.id
    click(mapped, np.array(layer.data_to_world(layer.data[1])))
    assert controller.bench.project.case.id == before
    assert controller.bench.book.find(Role.IMAGE) is not None
    assert not [level for level, _ in mapped.dock.messages.shown if level == "error"]


def test_the_legend_is_there_as_long_as_the_map(mapped: Any) -> None:
    legend = mapped.dock.compare.map_legend
    assert mapped.dock.step == "Compare"
    assert not legend.isHidden()
    assert {"Malignant", "Ruler", "Some or all forgotten"} <= {text.text() for text in legend.findChildren(QLabel)}
    camera = mapped.viewer.scene.camera if hasattr(mapped.viewer, "scene") else mapped.viewer.camera
    zoom = camera.zoom
    mapped.viewer.layers.remove(mapped.controller.feature_map.layer)
    assert legend.isHidden()
    assert camera.zoom > 1.5 * zoom  # the image has the canvas for itself again


def test_the_window_outlives_a_map_that_is_removed_while_nothing_but_the_image_is_seen(mapped: Any) -> None:
    viewer, layer = mapped.viewer, mapped.controller.feature_map.layer
    image = mapped.controller.bench.book.find(Role.IMAGE)
    for other in viewer.layers:
        other.visible = other in (image, layer)
    mapped._qtbot.wait(100)
    viewer.layers.remove(layer)
    for _ in range(3):  # Mesa died in the second picture
        mapped._canvas.update()
        mapped._qtbot.wait(60)
    assert viewer.screenshot(flash=False)[..., :3].any()


def test_points_of_another_data_set_say_so(mapped: Any) -> None:
    layer = mapped.controller.feature_map.layer
    layer.features = layer.features.assign(case="gone")
    click(mapped, np.array(layer.data_to_world(layer.data[1])))
    level, sentence = mapped.dock.messages.shown[-1][:2]
    assert level == "error"
    assert sentence.startswith("The case gone is not in the data set that is open")


def test_the_map_stays_below_the_middle_of_an_image_of_another_size(mapped: Any) -> None:
    controller = mapped.controller
    layer, image = controller.feature_map.layer, controller.bench.book.find(Role.IMAGE)
    top, left = layer.extent.world[0]
    image.data = np.zeros((80, 100, 3), np.uint8)
    controller.feature_map.place()
    assert layer.extent.world[0] == pytest.approx([top + 80 - 64, left + (100 - 64) / 2])
