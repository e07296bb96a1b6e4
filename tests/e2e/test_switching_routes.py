"""By whichever route another case is taken in hand, what was painted on the one before is saved."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.data.decode import read_mask
from napari_unlearn.plugin import switching
from napari_unlearn.plugin.layers import Role


@pytest.mark.parametrize("at_once", [0, 300_000])
def test_every_route_to_another_case_saves(
    person: Any, sample: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(switching, "AT_ONCE", at_once)  # read in the background, and at once
    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    bench = person.controller.bench
    monkeypatch.setattr("napari_unlearn.plugin.opening.choose_folder", lambda *_: root)
    person.click("open_folder")
    person.wait(lambda: bench.has_project and bench.project.case is not None)

    def by_list() -> None:
        person.dock.show_step(0)
        person.pick_case(bench.project.order[4])

    routes: tuple[Callable[[], object], ...] = (
        lambda: person.press(Qt.Key.Key_N),
        lambda: person.click("next_case"),
        by_list,
        lambda: bench.project.select(bench.project.order[6]),
    )
    saved: dict[str, bool] = {}
    for route in routes:
        person.controller.perform("go_refine")
        case_id, fine = bench.project.case.id, bench.book.find(Role.FINE)
        fine.brush_size = 5
        fine.paint(tuple(np.argwhere(fine.data)[0]), 0)
        painted = fine.data.copy()
        route()
        person.wait(lambda left=case_id: bench.project.case.id != left)
        path = root / "fine" / f"{case_id}.png"
        person.wait(lambda path=path, mask=painted: path.exists() and np.array_equal(read_mask(path), mask))
        person.wait(lambda: bench.book.find(Role.FINE).data is bench.project.editing.fine)
        saved[case_id] = np.array_equal(read_mask(path), painted)
    assert list(saved.values()) == [True] * len(routes), saved
