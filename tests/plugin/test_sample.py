from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.plugin import sample
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project.workspace import Workspace


def test_the_sample_opens_with_its_model_and_later_with_the_one_in_use(
    dock: UnlearnWidget, own_sample: Path, model: Path, run: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    monkeypatch.setattr(sample, "prepare", lambda: Workspace(own_sample, model))
    bench = dock.controller.bench

    def opened() -> bool:
        idle = not bench.task.state.busy and not dock.controller.predicting.task.state.busy
        return idle and bench.has_project and bench.project.case is not None

    viewer = dock.controller.bench.viewer
    # As the menu does, which takes a sample without layers for a failure.
    (empty,) = viewer.open_sample("napari-unlearn", "dermoscopy")
    assert not empty.visible
    qtbot.waitUntil(opened, timeout=60_000)
    assert bench.project.model == model
    assert empty not in viewer.layers
    bench.project.revise(run / "model")
    qtbot.waitUntil(opened, timeout=60_000)
    viewer.open_sample("napari-unlearn", "dermoscopy")
    qtbot.waitUntil(lambda: bench.task.state.busy is False and opened(), timeout=60_000)
    assert bench.project.model == run / "model"
    assert bench.project.previous == model
