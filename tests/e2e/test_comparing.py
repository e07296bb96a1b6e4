"""Looking at before and after, with real mouse and keys in the real window, while layers come and go."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel, QPushButton, QSlider

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.events import Done
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.unlearn import UnlearnRequest
from napari_unlearn.jobs.unlearn import events as unlearn
from napari_unlearn.plugin.beside import caption_of
from napari_unlearn.plugin.history import title_of
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.picture_pairs import LINE, difference
from napari_unlearn.project.runs import list_runs


@pytest.fixture
def comparing(person: Any, sample: Dataset, model: Path, run: Path, tmp_path: Path) -> Any:
    """Somebody on the page Compare with a revised model, at a refined case."""
    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    bench = person.controller.bench
    person.controller.opening.open(root, model)
    person.wait(lambda: bench.has_project and bench.project.case is not None)
    bench.project.select(next(case.id for case in sample.cases if case.is_refined))
    bench.project.revise(run / "model")
    person.controller.unlearning.show_last_run()
    person.dock.show_step(3)
    person.wait_for_predictions()
    return person


def shown(person: Any) -> set[Role]:
    book = person.controller.bench.book
    return {role for role in Role if (layer := book.find(role)) is not None and layer.visible} - {
        Role.IMAGE, Role.COARSE
    }  # fmt: skip


def columns_of_line(picture: np.ndarray) -> np.ndarray:
    return np.flatnonzero((picture == LINE).all(axis=0))


def test_every_view_of_two_predictions_and_a_line_that_is_dragged(comparing: Any, qtbot: Any) -> None:
    person, book = comparing, comparing.controller.bench.book
    before, after = book.find(Role.BEFORE).data, book.find(Role.AFTER).data
    assert (before != after).any()
    person.press(Qt.Key.Key_Q)
    assert shown(person) == {Role.BEFORE}
    person.press(Qt.Key.Key_Q)
    assert shown(person) == {Role.AFTER}

    person.click("show_difference")
    assert shown(person) == {Role.DIFFERENCE}
    np.testing.assert_array_equal(book.find(Role.DIFFERENCE).data, difference(before, after))

    person.click("show_split")
    assert shown(person) == {Role.SPLIT}
    assert book.find(Role.DIFFERENCE) is None
    picture = book.find(Role.SPLIT).data
    (line,) = columns_of_line(picture)
    assert line == 32
    camera = person.controller.contrast._camera
    centre = tuple(camera.center)
    person.stroke([(20, 32.5), (20, 28), (21, 18), (22, 10.4)])
    assert columns_of_line(picture).tolist() == [10]
    np.testing.assert_array_equal(picture[:, :10], before[:, :10])
    np.testing.assert_array_equal(picture[:, 11:], after[:, 11:])
    assert tuple(camera.center) == centre  # the image did not come along
    assert person.dock.findChild(QSlider, "split_at").value() == pytest.approx(1000 * 10.4 / 64, abs=20)
    person.stroke([(20, 40), (20, 42), (20, 45), (20, 48), (20, 50)])  # away from the line the image is moved as ever
    person.wait(lambda: tuple(camera.center) != centre)
    assert columns_of_line(picture).tolist() == [10]
    QTest.keyClick(person.dock.findChild(QSlider, "split_at"), Qt.Key.Key_End)
    assert columns_of_line(picture).tolist() == [63]


def test_layers_that_are_removed_renamed_and_moved_break_nothing(comparing: Any, qtbot: Any) -> None:
    person, bench = comparing, comparing.controller.bench
    viewer, book, project = bench.viewer, bench.book, bench.project
    layers = viewer.layers
    person.click("show_split")
    image = book.find(Role.IMAGE)
    image.scale, image.translate = (0.5, 0.5), (3, 4)
    for layer in list(layers):
        layer.name = f"mine {layer.name}"
    layers.reverse()
    for role in (Role.SPLIT, Role.BEFORE, Role.COARSE, Role.IMAGE, Role.FINE):
        layer = book.find(role)
        if layer is not None:
            layers.remove(layer)
        person.press(Qt.Key.Key_Q)
        for key in ("show_split", "show_difference", "show_after"):
            person.controller.perform(key)
    person.press(Qt.Key.Key_N)
    person.wait_for_predictions()
    for step in range(4):
        person.dock.show_step(step)
    person.wait_for_predictions()
    person.click("show_split")
    assert tuple(book.find(Role.SPLIT).scale) == (0.5, 0.5)
    assert tuple(book.find(Role.IMAGE).scale) == (0.5, 0.5)
    assert tuple(book.find(Role.IMAGE).translate) == (3, 4)
    assert book.find(Role.IMAGE).data.shape[:2] == project.editing.fine.shape
    layers.clear()
    person.controller.perform("discard")
    person.wait_for_predictions()
    assert book.find(Role.PREDICTION) is not None
    assert not [text for level, text in person.dock.messages.shown if level == "error"]


def test_the_leakage_map_is_read_by_resting_the_mouse_on_it(comparing: Any) -> None:
    person, book = comparing, comparing.controller.bench.book
    leakage = np.zeros((32, 32), np.float32)
    leakage[:16] = 0.4
    book.show_leakage(Role.LEAKAGE_AFTER, leakage, (0.0, 0.4))
    person.controller.refresh()
    person.click("show_leakage_after")
    here = person.dock.findChild(QLabel, "leakage_here")
    for row, words in ((16, "Here 0.4 nats, 100 % of the strongest place"), (48, "next to nothing")):
        person.hover((row, 20), until=lambda words=words: words in here.text())
        assert here.text().count("nats") == 1
    person.hover((-1.2, 20), until=lambda: "Rest the mouse" in here.text())
    assert "nats" not in here.text()


def test_two_operators_are_seen_side_by_side_on_one_case_and_made_into_one_model(
    comparing: Any, run: Path, qtbot: Any
) -> None:
    person, controller, project = comparing, comparing.controller, comparing.controller.bench.project
    exact = Path(shutil.copytree(run, project.runs / "exact"))
    request = UnlearnRequest(project.dataset.root, controller.bench.compared[0], project.runs / "pushed", "neggrad-seg",
                             device="cpu", settings={"pixels": 40, "steps": 20})  # fmt: skip
    *_, done = unlearn(request, Token())
    assert isinstance(done, Done), done
    person.click("history")
    panel = controller.history.panel
    for line in range(2):
        place = panel.table.visualItemRect(panel.table.item(line, 0)).center()
        QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place)
    QTest.mouseClick(panel.findChild(QPushButton, "compare_runs"), Qt.MouseButton.LeftButton)
    person.wait_for_predictions()
    person.click("show_beside")
    first, second = list_runs(project.runs)[::-1]
    assert (first.folder.name, second.folder.name) == ("exact", "pushed")
    captions = [caption_of(viewer) for viewer in (person.viewer, controller.beside.model)]
    assert [caption.text for caption in captions] == [f"Before: {title_of(first)}", f"After: {title_of(second)}"]
    assert all(caption.visible for caption in captions)
    before, after = controller.predicting.pair
    assert controller.beside.model.layers[Role.AFTER.value].data is after
    assert controller.bench.book.find(Role.BEFORE).data is before

    person.click("compose_pair")
    person.wait(lambda: project.previous == run / "model" and project.model != run / "model")
    controller.bench.task.abandon()  # the numbers of all test cases are another matter
    person.wait_for_predictions()
    made = next(found for found in list_runs(project.runs) if found.operator == "compose")
    assert (project.model, project.previous) == (made.model, run / "model")
    assert verify_run(made.folder) == []
    numbers = json.loads((made.folder / "metrics.json").read_text())
    assert {"0% of the second run", "100% of the second run"} <= {row["name"] for row in numbers["candidates"]}
    assert (made.tier, read_certificate(exact).tier) == ("empirical", "exact")  # no better than the weaker of the two
    assert any("Composition of two runs" in label.text() for label in person.dock.compare.findChildren(QLabel))
    assert not controller.facts().two_runs
    assert [caption.text for caption in captions] == ["Before", "After"]
    person.click("show_after")
    assert not captions[0].visible
