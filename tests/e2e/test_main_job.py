"""The main job of the product, in the real window: refine, see what will be forgotten, unlearn, compare, export."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.data.decode import read_mask
from napari_unlearn.plugin.layers import Role


def answer(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The next dialog for a folder gets this answer."""
    for module in ("opening", "unlearning"):
        monkeypatch.setattr(f"napari_unlearn.plugin.{module}.choose_folder", lambda *_: folder)


def test_from_coarse_masks_to_an_exported_model(
    person: Any, sample: Dataset, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    bench = person.controller.bench
    book = bench.book

    answer(monkeypatch, root)
    person.click("open_folder")
    person.wait(lambda: bench.has_project and bench.project.case is not None)
    answer(monkeypatch, model)
    person.click("choose_model")
    person.wait(lambda: book.find(Role.PREDICTION) is not None)
    person.wait_for_predictions()

    case_id = next(case.id for case in sample.split("train") if not case.is_refined)
    person.pick_case(case_id)
    person.wait(lambda: bench.project.case is not None and bench.project.case.id == case_id)
    person.click("go_refine")
    person.wait_for_predictions()

    coarse = sample.case(case_id).coarse()
    rows, columns = np.nonzero(coarse)
    top, left, right = rows.min(), columns.min(), columns.max()
    person.stroke([(top + 1, column) for column in np.linspace(left, right, 12)])
    person.stroke([(row, left + 1) for row in np.linspace(top, rows.max(), 12)])
    fine = book.find(Role.FINE).data
    assert (fine != coarse).any()
    assert np.array_equal(book.find(Role.ARTEFACTS).data.astype(bool), (coarse > 0) & (fine == 0))
    person.wait(lambda: not bench.project.editing.dirty)
    assert np.array_equal(read_mask(root / "fine" / f"{case_id}.png"), fine)

    after_two = fine.copy()
    person.click("undo")
    assert (fine != after_two).any()
    person.click("redo")
    assert np.array_equal(fine, after_two)
    person.wait(lambda: not bench.project.editing.dirty)
    assert np.array_equal(read_mask(root / "fine" / f"{case_id}.png"), fine)

    person.click("done_refining")
    person.click("go_unlearn")
    person.click("unlearn")
    person.wait(lambda: bench.project.previous is not None)
    person.wait(lambda: not bench.task.state.busy)
    person.wait_for_predictions()
    assert person.dock.step == "Compare"
    assert not [text for level, text in person.dock.messages.shown if level == "error"]
    before, after = book.find(Role.BEFORE), book.find(Role.AFTER)
    assert after.visible
    person.wait(lambda: book.find(Role.LEAKAGE_BEFORE) is not None)  # the last of the layers, which come one by one
    assert book.find(Role.LEAKAGE_BEFORE).contrast_limits == book.find(Role.LEAKAGE_AFTER).contrast_limits
    person.press(Qt.Key.Key_Q)
    assert before.visible
    assert not after.visible

    out = tmp_path / "exported"
    answer(monkeypatch, out)
    person.click("export")
    person.wait(lambda: (out / "certificate.json").is_file() and not bench.task.state.busy)
    certificate = json.loads((out / "certificate.json").read_text())
    assert certificate["tier"] == "exact"

    shown = bench.project.case
    assert shown is not None
    program = Path(sys.executable).with_name("napari-unlearn")
    command = [program, "predict", root, out / "model", "--out", tmp_path / "masks", "--case", shown.id]
    subprocess.run(command, check=True, capture_output=True)
    assert np.array_equal(read_mask(tmp_path / "masks" / f"{shown.id}.png"), after.data)

    person.click("discard")
    assert bench.project.model == model
    assert book.find(Role.BEFORE) is None
    person.wait_for_predictions()
