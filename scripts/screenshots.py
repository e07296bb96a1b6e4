"""Draws docs/images/*.png: the real window on the sample, used as a person would.

python scripts/screenshots.py [FOLDER]     FOLDER holds dataset/ and model/; the shipped sample by default
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_unlearn.data.sample import sample_folder
from napari_unlearn.plugin.widget import open_in

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = (1480, 940)


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def wait(condition: Callable[[], bool], seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("The window did not get there.")
        spin(0.05)


def main(source: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "dermoscopy-sample"
        for part in ("dataset", "model"):
            shutil.copytree(source / part, work / part)
        shoot(work)


def shoot(work: Path) -> None:
    viewer = napari.Viewer()
    viewer.window._qt_window.resize(*SIZE)
    dock = open_in(viewer)
    controller = dock.controller
    bench = controller.bench
    canvas = viewer.window._qt_viewer.canvas.native

    def picture(name: str) -> None:
        QTest.mouseMove(canvas, QPoint(1, 1))
        spin(0.8)
        viewer.window.screenshot(str(IMAGES / f"{name}.png"), canvas_only=False, flash=False)

    def click(key: str) -> None:
        button = next(widget for widget in dock.findChildren(QWidget, key) if widget.isVisible())
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def settled() -> bool:
        return not bench.task.state.busy and not controller.predicting.task.state.busy

    controller.opening.open(work / "dataset", work / "model")
    wait(lambda: bench.has_project and bench.project.case is not None)
    malignant = [
        case.id
        for case in bench.project.dataset.cases
        if case.split == "train" and case.diagnosis == "malignant" and not case.is_refined
    ]
    bench.project.select(malignant[0])
    wait(settled)
    picture("data")

    click("go_refine")
    spin(0.5)
    trim(viewer, bench.project.editing.coarse)
    picture("refine")
    # napari leaves a small square where its brush was last seen; in the corner nobody sees it.
    for place in (9, 1):
        QTest.mouseMove(canvas, QPoint(place, place))
        spin(0.2)

    click("done_refining")
    bench.project.select(malignant[0])
    click("go_unlearn")
    click("unlearn")
    wait(lambda: dock.unlearn.curve.isVisible() or not bench.task.state.busy)
    wait(lambda: bench.project.previous is not None)
    wait(settled)
    dock.show_step(2)
    picture("unlearn")

    # A case that teaches nothing, with a mask that somebody has finished.
    tested = [case.id for case in bench.project.dataset.split("test_conflicting") if case.diagnosis == "malignant"]
    bench.project.select(tested[0])
    wait(settled)
    dock.show_step(3)
    wait(settled)
    picture("compare")
    click("show_split")
    controller.contrast.move(0.42)
    picture("split")
    click("show_beside")
    spin(0.5)
    picture("beside")
    click("show_after")
    click("history")
    picture("history")
    bench.task.abandon()
    viewer.close()


def trim(viewer: napari.Viewer, coarse: np.ndarray) -> None:
    """Brush along the inside of the coarse mask, as a person begins."""
    canvas = viewer.window._qt_viewer.canvas.native
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    rows, columns = np.nonzero(coarse)
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    inset = max(coarse.shape) / 40

    def place(row: float, column: float) -> QPoint:
        middle = camera.center[-2:]
        return QPoint(
            round((column - middle[1]) * camera.zoom + canvas.width() / 2),
            round((row - middle[0]) * camera.zoom + canvas.height() / 2),
        )

    path = [(top + inset, x) for x in np.linspace(left, right, 30)]
    path += [(y, right - inset) for y in np.linspace(top, bottom, 30)]
    path += [(bottom - inset, x) for x in np.linspace(right, (left + right) / 2, 15)]
    points = [place(row, column) for row, column in path]
    left_button, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(canvas, left_button, plain, points[0])
    for point in points[1:]:
        QTest.mouseMove(canvas, point)
        spin(0.02)
    QTest.mouseRelease(canvas, left_button, plain, points[-1])
    spin(0.2)


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else sample_folder())
