"""What a person does in the window: clicks, keys and brush strokes, as real events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QTableView, QWidget

from napari_unlearn.plugin.beside_opengl import keep_llvm_apart
from napari_unlearn.plugin.controller import Controller
from napari_unlearn.plugin.widget import UnlearnWidget, open_in


class Person:
    """Hands on mouse and keyboard."""

    def __init__(self, viewer: Any, qtbot: Any) -> None:
        self.viewer = viewer
        self.dock: UnlearnWidget = open_in(viewer)
        self.controller: Controller = self.dock.controller
        self._qtbot = qtbot
        self._canvas: QWidget = viewer.window._qt_viewer.canvas.native

    def click(self, key: str) -> None:
        """Press the button `key` on the page in front."""
        (button,) = [widget for widget in self.dock.findChildren(QWidget, key) if widget.isVisible()]
        assert button.isEnabled(), f"{key} is disabled"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def pick_case(self, case_id: str) -> None:
        """Click a line of the list of cases."""
        table = self.dock.findChild(QTableView, "cases")
        model = table.model()
        (line,) = [k for k in range(model.rowCount()) if model.index(k, 0).data() == case_id]
        place = table.visualRect(model.index(line, 0)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key over the canvas."""
        QTest.keyClick(self._canvas, key, modifier)

    def stroke(self, points: Sequence[tuple[float, float]]) -> None:
        """Draw with the left button through pixels (row, column) of the image."""
        first, *rest = [self._place(point) for point in points]
        left, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mouseMove(self._canvas, first)
        QTest.mousePress(self._canvas, left, plain, first)
        last = first
        for last in rest:
            QTest.mouseMove(self._canvas, last)
            self._qtbot.wait(5)
        QTest.mouseRelease(self._canvas, left, plain, last)
        self._qtbot.wait(5)

    def hover(self, point: tuple[float, float], until: Callable[[], bool]) -> None:
        """Move the mouse about a pixel (row, column) until something has come of it.

        The screen tells the window in its own time, and not at all where the mouse has been before.
        """
        place = self._place(point)

        def moved() -> bool:
            QTest.mouseMove(self._canvas, place + QPoint(1, 0))
            QTest.mouseMove(self._canvas, place)
            return until()

        self.wait(moved)

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait like a patient person."""
        self._qtbot.waitUntil(condition, timeout=120_000)

    def wait_for_predictions(self) -> None:
        """Wait until nothing is being predicted."""
        self.wait(lambda: not self.controller.predicting.task.state.busy)

    def _place(self, point: tuple[float, float]) -> QPoint:
        camera = self.viewer.scene.camera if hasattr(self.viewer, "scene") else self.viewer.camera
        row, column = camera.center[-2:]
        return QPoint(
            round((point[1] - column) * camera.zoom + self._canvas.width() / 2),
            round((point[0] - row) * camera.zoom + self._canvas.height() / 2),
        )


@pytest.fixture(scope="session", autouse=True)
def llvm_apart() -> None:
    """Fixtures that train a model import torch here and now, after OpenGL and outside the runner's threads."""
    keep_llvm_apart()


@pytest.fixture
def person(make_napari_viewer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> Person:
    """Somebody in front of an open window."""
    monkeypatch.setattr("napari_unlearn.plugin.warm.start", lambda *_: None)
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(1400, 900)
    return Person(viewer, qtbot)
