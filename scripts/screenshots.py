"""Draws docs/images/*.png: the real window on the sample in each of its states, used as a person would.

python scripts/screenshots.py [--sample FOLDER] [--out FOLDER] [--theme NAME] [--only NAME ...]

FOLDER of --sample holds dataset/ and model/; the shipped sample by default. With --only, no other picture is kept, but
all that leads to them is done. QT_SCALE_FACTOR=2 shows the window as on a screen of 200 %.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import napari
import numpy as np
from napari.settings import get_settings
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QWidget

from napari_unlearn.data.sample import sample_folder
from napari_unlearn.plugin.texts import STEPS
from napari_unlearn.plugin.widget import open_in

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = (1480, 940)
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def wait(condition: Callable[[], bool], seconds: float = 1800) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("The window did not get there.")
        spin(0.02)


class Window:
    """The viewer with the dock, and the hands of a person."""

    def __init__(self, out: Path, theme: str, only: Iterable[str]) -> None:
        self.viewer = napari.Viewer()
        self.viewer.theme = theme
        self.viewer.window._qt_window.resize(*SIZE)
        self.dock = open_in(self.viewer)
        self.controller = self.dock.controller
        self.bench = self.controller.bench
        self.canvas = self.viewer.window._qt_viewer.canvas.native
        self._out, self._only = out, tuple(only)

    def picture(self, name: str, settle: float = 0.8) -> None:
        if self._only and name not in self._only:
            return
        # napari leaves a small square where its brush was last seen; in the corner nobody sees it.
        for place in (9, 1):
            QTest.mouseMove(self.canvas, QPoint(place, place))
            spin(settle / 2)
        self.viewer.window.screenshot(str(self._out / f"{name}.png"), canvas_only=False, flash=False)

    def click(self, key: str) -> None:
        button = next(widget for widget in self.dock.findChildren(QWidget, key) if widget.isVisible())
        QTest.mouseClick(button, LEFT)

    def settle(self) -> None:
        wait(lambda: not self.bench.task.state.busy and not self.controller.predicting.task.state.busy)

    def show(self, case_id: str, step: str) -> None:
        self.bench.project.select(case_id)
        self.settle()
        self.dock.show_step(STEPS.index(step))
        self.settle()

    def first(self, split: str, refined: bool) -> str:
        """A malignant case."""
        cases = self.bench.project.dataset.split(split)
        return next(case.id for case in cases if case.diagnosis == "malignant" and case.is_refined == refined)

    def place(self, row: float, column: float) -> QPoint:
        camera = self.viewer.scene.camera if hasattr(self.viewer, "scene") else self.viewer.camera
        middle = camera.center[-2:]
        return QPoint(
            round((column - middle[1]) * camera.zoom + self.canvas.width() / 2),
            round((row - middle[0]) * camera.zoom + self.canvas.height() / 2),
        )

    def stroke(self, path: Iterable[tuple[float, float]]) -> None:
        points = [self.place(row, column) for row, column in path]
        QTest.mousePress(self.canvas, LEFT, PLAIN, points[0])
        for point in points[1:]:
            QTest.mouseMove(self.canvas, point)
            spin(0.02)
        QTest.mouseRelease(self.canvas, LEFT, PLAIN, points[-1])
        spin(0.2)


def shoot(window: Window, work: Path) -> None:
    window.picture("empty")
    window.controller.opening.open(work / "dataset", work / "model")
    wait(lambda: window.dock.run.isVisible() or window.bench.has_project)
    window.picture("loading", 0)
    wait(lambda: window.bench.has_project and window.bench.project.case is not None)
    case_id = window.first("train", refined=False)
    window.show(case_id, "Data")
    window.picture("data")
    refine(window)
    window.click("done_refining")
    window.show(case_id, "Unlearn")
    unlearn(window, work / "model" / "model.safetensors")
    # A case that teaches nothing, with a mask that somebody has finished.
    window.show(window.first("test_conflicting", refined=True), "Compare")
    compare(window)


def refine(window: Window) -> None:
    window.click("go_refine")
    spin(0.5)
    trim(window, window.bench.project.editing.coarse)
    window.picture("refine")
    window.click("mark_artefacts")
    spin(0.3)
    mark(window)
    window.picture("marking")
    window.click("mark_artefacts")
    window.click("live")
    wait(lambda: window.controller.live.state is not None)
    window.picture("live")
    window.click("live")
    window.settle()


def unlearn(window: Window, weights: Path) -> None:
    away = weights.rename(weights.with_suffix(".away"))  # as when the drive with the models is not there
    window.click("unlearn")
    window.settle()
    window.picture("failed")
    away.rename(weights)
    window.click("dismiss")
    window.click("unlearn")
    wait(lambda: window.dock.unlearn.trajectory.isVisible() or not window.bench.task.state.busy)
    window.click("pause")  # else it would be over before anybody has looked
    spin(1)
    window.click("pause")
    window.picture("running", 0)
    wait(lambda: window.bench.project.previous is not None)
    window.settle()
    window.dock.show_step(STEPS.index("Unlearn"))
    window.picture("unlearn")


def compare(window: Window) -> None:
    window.picture("compare")
    window.click("show_split")
    window.controller.contrast.move(0.42)
    window.picture("split")
    window.click("show_beside")
    spin(0.5)
    window.picture("beside")
    window.click("show_after")
    window.controller.perform("feature_map")
    window.settle()
    window.picture("feature-map")
    window.viewer.layers.remove(window.controller.feature_map.layer)
    window.viewer.layers.selection.active = window.viewer.layers[0]
    window.click("dismiss")
    again(window)
    window.click("history")
    spin(0.5)
    window.viewer.reset_view()
    window.picture("history")


def again(window: Window) -> None:
    """Unlearn once more in another way, so that there are two runs to compare."""
    case_id = window.bench.project.case.id
    first = window.bench.project.model
    window.dock.show_step(STEPS.index("Unlearn"))
    choice = window.dock.findChild(QAbstractButton, "residual-head")
    QTest.mouseClick(choice, LEFT, PLAIN, QPoint(8, choice.height() // 2))
    window.click("unlearn")
    wait(lambda: window.bench.project.model != first)
    window.settle()
    window.show(case_id, "Compare")


def trim(window: Window, coarse: np.ndarray) -> None:
    """Brush along the inside of the coarse mask, as a person begins."""
    rows, columns = np.nonzero(coarse)
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    inset = max(coarse.shape) / 40
    path = [(top + inset, x) for x in np.linspace(left, right, 30)]
    path += [(y, right - inset) for y in np.linspace(top, bottom, 30)]
    path += [(bottom - inset, x) for x in np.linspace(right, (left + right) / 2, 15)]
    window.stroke(path)


def mark(window: Window) -> None:
    """Brush along the edge of the image."""
    height, width = window.bench.project.artefacts.array.shape
    window.stroke([(0.9 * height, x) for x in np.linspace(0.1 * width, 0.9 * width, 40)])


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the pictures of the window.")
    parser.add_argument("--sample", type=Path, default=sample_folder(), help="folder with dataset/ and model/")
    parser.add_argument("--out", type=Path, default=IMAGES, help="where to write the pictures")
    parser.add_argument("--theme", default="dark", help="of napari")
    parser.add_argument("--only", nargs="*", default=(), help="names of the pictures to keep")
    chosen = parser.parse_args()
    get_settings().application.save_window_geometry = False
    out = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        work = Path("dermoscopy-sample")  # messages name it, and pictures show them
        for part in ("dataset", "model"):
            shutil.copytree(chosen.sample.resolve() / part, work / part)
        window = Window(out, chosen.theme, chosen.only)
        shoot(window, work)
        window.bench.task.abandon()
        window.viewer.close()


if __name__ == "__main__":
    main()
