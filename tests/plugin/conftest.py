"""A window with the dock, on a writable copy of the small sample."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from napari import settings

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.plugin.beside_opengl import keep_llvm_apart
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import UnlearnWidget, open_in

HAS_PREFERENCES = hasattr(settings, "get_plugin_settings")  # of plugins, since napari 0.9
collect_ignore = [] if HAS_PREFERENCES else ["test_preferences.py", "test_tailoring.py"]


@pytest.fixture(scope="session", autouse=True)
def llvm_apart() -> None:
    """Fixtures that train a model import torch here and now, after OpenGL and outside the runner's threads."""
    keep_llvm_apart()


@pytest.fixture(autouse=True)
def no_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import nothing in the background: tests count threads."""
    monkeypatch.setattr("napari_unlearn.plugin.warm.start", lambda *_: None)


@pytest.fixture(autouse=True)
def own_preferences(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Neither read nor write what whoever runs the tests prefers."""
    if not HAS_PREFERENCES:
        yield
        return
    monkeypatch.setattr(settings, "_CFG_PATH", str(tmp_path / "settings" / "settings.yaml"))
    settings._clear_plugin_settings_cache()
    yield
    settings._clear_plugin_settings_cache()


@pytest.fixture
def own_sample(sample: Dataset, tmp_path: Path) -> Path:
    """Copy of the sample that a test may write to."""
    return Path(shutil.copytree(sample.root, tmp_path / "dataset"))


@pytest.fixture
def dock(make_napari_viewer: Callable[..., Any]) -> UnlearnWidget:
    """The dock in a viewer that is not shown."""
    return open_in(make_napari_viewer())


@pytest.fixture
def open_dock(dock: UnlearnWidget, own_sample: Path, model: Path, qtbot: Any) -> UnlearnWidget:
    """The dock with the sample open and the first prediction made."""
    controller = dock.controller
    controller.opening.open(own_sample, model)
    qtbot.waitUntil(lambda: controller.bench.has_project and controller.bench.project.case is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)
    # The last of the layers, which come one after another.
    qtbot.waitUntil(lambda: controller.bench.book.find(Role.ARTEFACTS) is not None, timeout=60_000)
    return dock


@pytest.fixture
def bare_dock(dock: UnlearnWidget, own_sample: Path, qtbot: Any) -> UnlearnWidget:
    """The dock with the sample open and no model, so that nothing needs torch."""
    controller = dock.controller
    controller.opening.open(own_sample)
    qtbot.waitUntil(lambda: controller.bench.has_project and controller.bench.project.case is not None, timeout=60_000)
    return dock
