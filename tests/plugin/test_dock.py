from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication, QPushButton

from napari_unlearn.plugin.dock import Dock
from napari_unlearn.plugin.enabling import Facts, enabled
from napari_unlearn.plugin.style import WIDTH, theme
from napari_unlearn.plugin.texts import STEPS


@pytest.fixture
def bare_dock(qtbot: Any) -> Dock:
    made = Dock()
    qtbot.addWidget(made)
    return made


def test_the_table_of_enabling_reaches_every_page(bare_dock: Dock) -> None:
    bare_dock.apply_enabled(enabled(Facts(dataset=True, case=True)))
    buttons = bare_dock.findChildren(QPushButton, "next_case")
    assert len(buttons) == 3
    assert all(button.isEnabledTo(bare_dock) for button in buttons)
    bare_dock.apply_enabled(enabled(Facts()))
    assert not any(button.isEnabledTo(bare_dock) for button in buttons)


def test_every_step_has_its_page_and_is_told_once(bare_dock: Dock) -> None:
    told: list[int] = []
    bare_dock.step_changed.connect(told.append)
    for step, name in enumerate(STEPS):
        bare_dock.show_step(step)
        bare_dock.show_step(step)
        assert bare_dock.step == name
    assert told == [1, 2, 3]


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_page_fits_the_width_it_is_made_for(bare_dock: Dock, name: str) -> None:
    bare_dock.apply_theme(theme(name))
    assert bare_dock.minimumSizeHint().width() <= WIDTH + 30


@pytest.mark.parametrize(("scale", "sizes"), [(1.5, ["11"]), (2, ["9", "14"])])
def test_nothing_is_cut_off_on_a_fine_screen_nor_in_large_letters(
    scale: float, sizes: list[str], tmp_path: Path
) -> None:
    child = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("scaled_dock.py")), *sizes],
        env={
            **os.environ,
            "QT_SCALE_FACTOR": str(scale),
            "QT_QPA_PLATFORM": "offscreen",
            "NAPARI_CONFIG": str(tmp_path / "settings.yaml"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(child.stdout.splitlines()[-1])
    assert told["scale"] == scale
    assert told["problems"] == []


@pytest.mark.parametrize("height", [560, 900])
def test_the_way_on_is_in_sight_in_a_low_window_whatever_is_open(bare_dock: Dock, height: int) -> None:
    bare_dock.apply_theme(theme("dark"))
    bare_dock.refine.proposals.show_proposal("Lesion by colour: removes 11,640 and adds 0 pixels.")
    bare_dock.refine.suggest.show_reason("Ink goes with malignant lesions, and this benign one has none. " * 2)
    bare_dock.unlearn.curve.show()
    bare_dock.compare.show_run("Exact refit", "exact", "Nothing is left.")
    bare_dock.resize(WIDTH + 30, height)
    bare_dock.show()
    QApplication.processEvents()
    assert bare_dock.height() == height
    ways = {1: ("done_refining", "go_unlearn"), 2: ("unlearn",), 3: ("export", "report", "discard")}
    for step, keys in ways.items():
        bare_dock.show_step(step)
        QApplication.processEvents()
        page = bare_dock.pages[step]
        for key in keys:
            button = page.findChild(QPushButton, key)
            assert button.visibleRegion().boundingRect().size() == button.size()
            assert button.mapTo(page, QPoint(0, 0)).y() > page.scroll.geometry().bottom()
