"""A window that is killed while somebody paints, and a second window beside one that is open."""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.data.decode import read_mask
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import open_in

PAINTER = Path(__file__).with_name("painting_window.py")
PLACES = runpy.run_path(str(PAINTER), run_name="painter")["places"]


@pytest.fixture
def root(sample: Dataset, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample.root, tmp_path / "dataset"))


def open_folder(person: Any, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_unlearn.plugin.opening.choose_folder", lambda *_: root)
    person.click("open_folder")
    person.wait(lambda: person.controller.bench.has_project and person.controller.bench.project.case is not None)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills in another way.")
def test_a_window_that_was_killed_while_painting_is_opened_with_every_finished_stroke(
    person: Any, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen([sys.executable, PAINTER, root], stdout=subprocess.PIPE, text=True) as painter:
        assert painter.stdout is not None
        case_id = painter.stdout.readline().strip()
        strokes = [painter.stdout.readline().strip() for _ in range(4)]
        os.kill(painter.pid, signal.SIGKILL)
        strokes += painter.stdout.read().split()
    assert strokes == [str(number) for number in range(1, len(strokes) + 1)]
    open_folder(person, root, monkeypatch)
    bench = person.controller.bench
    level, said = person.dock.messages.shown[-1]
    assert level == "note"
    assert f"recovered from its journal: {case_id} (" in said
    person.pick_case(case_id)
    person.wait(lambda: bench.project.case.id == case_id)
    person.click("go_refine")
    fine = bench.book.find(Role.FINE).data
    coarse = bench.project.editing.coarse
    for row, column in islice(PLACES(coarse), len(strokes)):
        assert fine[row, column] == 0
    artefacts = bench.book.find(Role.ARTEFACTS).data
    assert np.array_equal(artefacts.astype(bool), (coarse > 0) & (fine == 0))
    person.wait(lambda: not bench.project.editing.dirty)
    assert np.array_equal(read_mask(root / "fine" / f"{case_id}.png"), fine)
    for _ in range(4):  # of the window that was killed
        before = np.count_nonzero(fine)
        person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert np.count_nonzero(fine) > before
    person.click("redo")
    assert np.count_nonzero(fine) < np.count_nonzero(coarse)


def test_a_second_window_says_who_has_the_folder_and_changes_nothing(
    person: Any, root: Path, monkeypatch: pytest.MonkeyPatch, make_napari_viewer: Callable[..., Any], qtbot: Any
) -> None:
    open_folder(person, root, monkeypatch)
    second = open_in(make_napari_viewer())
    controller = second.controller
    controller.opening.open(root)
    qtbot.waitUntil(lambda: controller.bench.has_project and controller.bench.project.case is not None, timeout=60_000)
    level, said = second.messages.shown[-1]
    assert level == "note"
    assert "is open in another window in this program" in said
    controller.perform("go_refine")
    layer = controller.bench.book.find(Role.FINE)
    assert not layer.editable
    controller.perform("start_from_coarse")
    assert second.messages.shown[-1] == ("error", said)
    assert not (root / "unlearn-runs" / "journal").exists()
    assert person.controller.bench.project.read_only == ""
