from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.state import JobState
from napari_unlearn.plugin.dropping import Kind, folder_of, kind_of
from napari_unlearn.plugin.widget import UnlearnWidget


def drop(dock: UnlearnWidget, path: Path) -> bool:
    """Drag a folder over the dock and let it go there, as Qt tells of it; whether the dock takes it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys, action = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    over = QDragEnterEvent(QPointF(20, 20).toPoint(), action, data, buttons, keys)
    QApplication.sendEvent(dock, over)
    if over.isAccepted():
        QApplication.sendEvent(dock, QDropEvent(QPointF(20, 20), action, data, buttons, keys))
    return over.isAccepted()


def test_a_folder_is_known_by_what_is_in_it(own_sample: Path, model: Path, run: Path, tmp_path: Path) -> None:
    assert [kind_of(folder) for folder in (own_sample, model, run)] == [Kind.DATASET, Kind.MODEL, Kind.RUN]
    assert folder_of(model / "model.safetensors") == model
    assert folder_of(run / "certificate.json") == run
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="not a data set"):
        kind_of(tmp_path / "empty")
    assert kind_of(tmp_path) is Kind.DATASET  # it holds one
    with pytest.raises(UserError, match="does not exist"):
        kind_of(tmp_path / "nothing")


def test_images_are_opened_and_a_model_is_taken_into_use(
    dock: UnlearnWidget, own_sample: Path, model: Path, qtbot: Any
) -> None:
    bench = dock.controller.bench
    assert drop(dock, model)
    ((level, sentence),) = dock.messages.shown
    assert level == "error"
    assert "open a folder of images first" in sentence
    assert drop(dock, own_sample)
    qtbot.waitUntil(lambda: bench.has_project and bench.project.case is not None, timeout=60_000)
    assert bench.project.model is None
    assert drop(dock, model)
    assert bench.project.model == model
    qtbot.waitUntil(lambda: not dock.controller.predicting.task.state.busy, timeout=60_000)


def test_a_run_is_compared_with_the_model_it_started_from_and_the_model_in_use_stays(
    dock: UnlearnWidget, own_sample: Path, model: Path, run: Path, qtbot: Any
) -> None:
    bench = dock.controller.bench
    own_run = Path(shutil.copytree(run, own_sample / "unlearn-runs" / "20260101-000000-exact-refit"))
    assert drop(dock, own_run)
    qtbot.waitUntil(lambda: bench.pair == (model, own_run / "model"), timeout=60_000)
    assert bench.project.dataset.root == own_sample
    assert bench.project.model is None
    assert dock.step == "Compare"
    qtbot.waitUntil(lambda: dock.controller.predicting.pair is not None, timeout=60_000)


def test_what_cannot_be_used_is_explained_in_one_sentence(
    bare_dock: UnlearnWidget, tmp_path: Path, run: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, bench = bare_dock.messages, bare_dock.controller.bench
    empty = tmp_path / "empty"
    empty.mkdir()
    assert drop(bare_dock, empty)
    assert "not a data set this program knows" in messages.shown[-1][1]
    lone = Path(shutil.copytree(run, tmp_path / "lone"))
    (lone / "metrics.json").unlink()
    drop(bare_dock, lone)
    assert "is not on this computer" in messages.shown[-1][1]
    messages._act.click()
    assert bench.project.model == lone / "model"
    (lone / "certificate.json").write_text("{")
    drop(bare_dock, lone)
    assert "cannot be read" in messages.shown[-1][1]
    bare_dock.controller.predicting.clear()
    monkeypatch.setattr(bench.task, "state", JobState.RUNNING)
    drop(bare_dock, model)
    assert "A job is running" in messages.shown[-1][1]
    monkeypatch.undo()


@pytest.mark.parametrize(
    "fill", [lambda data: data.setText("words"), lambda data: data.setUrls([QUrl("https://example.org/model")])]
)
def test_words_and_addresses_are_not_taken(dock: UnlearnWidget, fill: Callable[[QMimeData], None]) -> None:
    data = QMimeData()
    fill(data)
    over = QDragEnterEvent(
        QPointF(20, 20).toPoint(),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    over.ignore()
    dock.dragEnterEvent(over)
    assert not over.isAccepted()
