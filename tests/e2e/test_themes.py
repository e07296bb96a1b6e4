"""napari's theme is changed by its own key while the dock is open, and everything in the dock follows."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QAbstractButton, QLabel, QTableView, QWidget
from skimage.io import imread

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.events import Metric
from napari_unlearn.jobs.trajectory import DICE, LEAKAGE
from napari_unlearn.plugin.style import theme
from napari_unlearn.plugin.texts import STEPS

Pixels = NDArray[np.uint8]
BOTH = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def seen(person: Any, sample: Dataset, tmp_path: Path) -> Any:
    """Somebody with images, curves and the list of runs in sight."""
    bench, dock = person.controller.bench, person.dock
    person.controller.opening.open(Path(shutil.copytree(sample.root, tmp_path / "dataset")))
    person.wait(lambda: bench.has_project and bench.project.case is not None)
    for step in range(3):
        for name, value in ((DICE, 0.5), (LEAKAGE, 0.01), ("loss", 1.0), ("residual", 0.5)):
            dock.unlearn.add_point(Metric(name, step, value / (1 + step)))
    person.controller.perform("history")
    person.wait(lambda: person.controller.history.panel.isVisible())
    person.wait(lambda: not person.controller.desk.thumbnails.task.state.busy)
    person.viewer.theme = "dark"
    return person


def pixels(widget: QWidget, folder: Path) -> Pixels:
    """What is drawn, of shape (h, w, 3)."""
    file = folder / "grab.png"
    widget.grab().save(str(file))
    return np.asarray(imread(file))[..., :3]


def texts(widget: QWidget) -> Iterator[QLabel | QAbstractButton]:
    """Words in sight that are not greyed out."""
    for kind in (QLabel, QAbstractButton):
        for part in widget.findChildren(kind):
            whole = part.visibleRegion().boundingRect() == part.rect()
            if part.isVisible() and part.isEnabled() and whole and part.text().strip():
                yield part


def commonest(part: Pixels) -> str:
    ((colour, _),) = Counter(map(tuple, part.reshape(-1, 3).tolist())).most_common(1)
    return "#{:02x}{:02x}{:02x}".format(*colour)


def strongest(part: Pixels, contrast: Callable[[str, str], float]) -> float:
    """Contrast of what stands out most from the ground."""
    ground = commonest(part)
    inks = {"#{:02x}{:02x}{:02x}".format(*colour) for colour in np.unique(part.reshape(-1, 3), axis=0).tolist()}
    return max(contrast(ink, ground) for ink in inks)


def test_words_curves_pictures_and_runs_follow_from_dark_to_light_and_back(
    seen: Any, tmp_path: Path, qtbot: Any, contrast: Callable[[str, str], float]
) -> None:
    dock, viewer, panel = seen.dock, seen.viewer, seen.controller.history.panel
    table = dock.findChild(QTableView, "cases")
    looks: dict[tuple[bool, str], Pixels] = {}
    for turn in range(3):
        if turn:
            old = viewer.theme
            seen.press(Qt.Key.Key_T, BOTH)
            seen.wait(lambda old=old: viewer.theme != old)
        worn = theme(viewer.theme)
        assert worn.dark == (turn != 1)
        for step, name in enumerate(STEPS):
            dock.show_step(step)
            qtbot.wait(30)
            page = pixels(dock, tmp_path)
            for part in texts(dock):
                corner = part.mapTo(dock, QPoint(0, 0))
                area = page[corner.y() : corner.y() + part.height(), corner.x() : corner.x() + part.width()]
                assert strongest(area, contrast) >= 3.5, (part.objectName(), part.text(), worn)
            assert commonest(page[:, :3]) == worn.background
            if turn == 2:
                assert (page == looks[True, name]).mean() > 0.99
            looks[worn.dark, name] = page
            if name == "Data":
                rows = pixels(table.viewport(), tmp_path)
                assert commonest(rows[:, -40:]) == worn.surface
                place = table.visualRect(table.model().index(3, 0))
                looks[worn.dark, "picture"] = rows[place.top() + 4 : place.bottom() - 4, 24:44]
        runs = pixels(panel, tmp_path)
        assert commonest(runs[:, :3]) == worn.background
        assert all(strongest(pixels(part, tmp_path), contrast) >= 3.5 for part in texts(panel))
        for plot in (dock.unlearn.curve, *dock.unlearn.trajectory._plots.values()):
            drawn = pixels(plot, tmp_path)
            assert commonest(drawn) == worn.surface
            assert strongest(drawn, contrast) >= 3
    assert np.array_equal(looks[True, "picture"], looks[False, "picture"])  # of a case, which no theme may tint
    assert looks[True, "picture"].std() > 5
    assert (looks[True, "Data"] != looks[False, "Data"]).mean() > 0.8
    assert not [sentence for level, sentence in dock.messages.shown if level == "error"]
