from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.plugin import __main__ as program
from napari_unlearn.plugin.widget import UnlearnWidget


@pytest.fixture
def no_loop(dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's viewer takes the place of a new one, and the event loop is the test's."""
    monkeypatch.setattr("napari.Viewer", lambda **_: dock.controller.bench.viewer)
    monkeypatch.setattr("napari.run", lambda: None)
    monkeypatch.setattr("sys.excepthook", None)


@pytest.mark.usefixtures("no_loop")
def test_the_folder_is_opened_with_the_model(dock: UnlearnWidget, own_sample: Path, model: Path, qtbot: Any) -> None:
    assert program.main([str(own_sample), "--model", str(model)]) == 0
    bench = dock.controller.bench
    qtbot.waitUntil(lambda: bench.has_project and bench.project.case is not None, timeout=60_000)
    assert bench.project.model == model
    qtbot.waitUntil(lambda: not dock.controller.predicting.task.state.busy, timeout=60_000)


@pytest.mark.usefixtures("no_loop")
def test_without_a_folder_it_is_the_sample(dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(dock.controller.opening, "open_sample", lambda: asked.append(1))
    assert program.main([]) == 0
    assert asked == [1]
