"""Shows the dock, filled, on a screen whose scale the environment says; prints as JSON what does not fit.

python scaled_dock.py SIZE...     sizes of letters in points, as napari's preferences have them
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from napari._qt.qt_resources import get_stylesheet
from napari.settings import get_settings
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLabel, QWidget

from napari_unlearn.operators.registry import available
from napari_unlearn.plugin.dock import Dock
from napari_unlearn.plugin.shortcuts import LEFT_MOUSE
from napari_unlearn.plugin.style import theme
from napari_unlearn.plugin.texts import STEPS


def filled() -> Dock:
    dock = Dock()
    dock.apply_theme(theme("dark"))
    dock.unlearn.set_operators(available())
    dock.data.show_dataset("Clinic", Path("clinic"), "100 images · 46 with a fine mask · classes: benign, malignant")
    dock.data.show_model(Path("runs") / "exact" / "model", True)
    dock.refine.marking.show_kinds({4: "gel bubble"})
    dock.refine.marking.show_counts("Marked: ruler 6.9% of the image")
    dock.refine.proposals.show_proposal("Lesion by colour: removes 11,640 and adds 0 pixels.")
    dock.refine.suggest.show_reason("Ink goes with malignant lesions, and this benign one has none.")
    dock.refine.suggest.show_looking(True)
    dock.refine.suggest.show_progress(140, 200, "Looking around the lesions", 65.0)
    dock.compare.show_run("Exact refit", "exact", "Nothing of the forgotten labels is left.")
    dock.compare.map_legend.show_entries({"benign": "#56b4e9"}, {"none": "disc", "gel_bubble": "square"})
    dock.run.show_state(True, False)
    dock.run.show_stoppable(True)
    dock.messages.error("The image train-0005.jpg cannot be read: it ends too early.", "Copy it again.")
    return dock


def cut_off(inside: QWidget) -> Iterator[str]:
    for kind in (QLabel, QAbstractButton, QComboBox, QAbstractSpinBox):
        for part in inside.findChildren(kind):
            if not part.isVisible():
                continue
            hint = part.minimumSizeHint() if kind in (QLabel, QComboBox) else part.sizeHint()
            wide, high = hint.width(), hint.height()
            if kind is QLabel and part.wordWrap():
                wide, high = 0, part.heightForWidth(part.width())
            if wide > part.width() or high > part.height():
                words = part.objectName() or part.text()
                yield f"{words}: {part.width()} x {part.height()} of {wide} x {high}"


def main(sizes: list[int]) -> None:
    app = QApplication([])
    problems: list[str] = []
    for size in sizes:
        get_settings().appearance.font_size = size
        app.setStyleSheet(get_stylesheet("dark", extra_variables={"font_size": f"{size}pt"}))
        dock = filled()
        dock.resize(dock.sizeHint())
        dock.show()
        for step, name in enumerate(STEPS):
            dock.show_step(step)
            for _ in range(3):
                app.processEvents()
            problems += [f"{size} pt, {name}: {text}" for text in cut_off(dock)]
        dock.show_keys(LEFT_MOUSE)
        dock.help.toggle()
        for _ in range(3):
            app.processEvents()
        problems += [f"{size} pt, keys: {text}" for text in cut_off(dock.help)]
        scale = dock.devicePixelRatio()
        dock.close()
    sys.stdout.write(json.dumps({"scale": scale, "problems": problems}))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])
