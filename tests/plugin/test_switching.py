from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QTableView

from napari_unlearn.data.decode import read_mask
from napari_unlearn.jobs.events import Done, Failed
from napari_unlearn.jobs.token import Token
from napari_unlearn.masks import dilation_artefacts
from napari_unlearn.plugin import switching
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.outline import outline
from napari_unlearn.plugin.switching import LoadRequest
from napari_unlearn.plugin.widget import UnlearnWidget


@pytest.fixture
def large(open_dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch) -> UnlearnWidget:
    """The dock with images that count as too large to be read at once."""
    monkeypatch.setattr(switching, "AT_ONCE", 0)
    return open_dock


def test_a_large_case_is_read_in_the_background_and_the_one_before_is_saved(large: UnlearnWidget, qtbot: Any) -> None:
    controller = large.controller
    project = controller.bench.project
    controller.perform("go_refine")
    left = project.case.id
    fine = controller.bench.book.find(Role.FINE)
    fine.paint(tuple(np.argwhere(fine.data)[0]), 0)
    painted = fine.data.copy()
    controller.perform("next_case")
    assert project.case.id == left
    qtbot.waitUntil(lambda: project.case.id != left)
    path = Path(project.dataset.root / "fine" / f"{left}.png")
    qtbot.waitUntil(path.exists)
    assert np.array_equal(read_mask(path), painted)
    book = controller.bench.book
    assert np.array_equal(book.find(Role.FINE).data, project.editing.fine)
    assert controller.bench.switching.ring(project.editing) is not None
    artefacts, shown = controller.bench.switching.artefacts(project.editing), book.find(Role.ARTEFACTS).data
    assert np.shares_memory(artefacts, shown)
    assert np.array_equal(shown > 0, dilation_artefacts(project.editing.coarse, project.editing.fine))
    fine.paint(tuple(np.argwhere(fine.data)[0]), 0)
    assert controller.bench.switching.artefacts(project.editing) is None
    assert np.array_equal(shown > 0, dilation_artefacts(project.editing.coarse, project.editing.fine))
    assert np.array_equal(book.find(Role.COARSE).data, outline(project.editing.coarse))
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_only_the_last_wish_counts(large: UnlearnWidget, qtbot: Any) -> None:
    bench = large.controller.bench
    first, second = [case_id for case_id in bench.project.order if case_id != bench.project.case.id][:2]
    seen: list[str] = []
    bench.project.case_changed.connect(lambda case: seen.append(case.id))
    bench.switching.go(first)
    bench.switching.go(second)
    qtbot.waitUntil(lambda: bool(seen))
    bench.runner.wait(10.0)
    qtbot.wait(100)
    assert seen == [second]
    qtbot.waitUntil(lambda: not large.controller.predicting.task.state.busy, timeout=60_000)


def test_a_case_that_cannot_be_read_is_told_and_the_one_in_hand_stays(large: UnlearnWidget, qtbot: Any) -> None:
    bench = large.controller.bench
    here, other = bench.project.case.id, bench.project.order[-1]
    bench.project.dataset.case(other).coarse_path.unlink()
    bench.switching.go(other)
    with qtbot.waitSignal(bench.switching.ended):
        pass
    level, sentence = large.messages.shown[-1]
    assert level == "error"
    assert other in sentence
    assert bench.project.case.id == here


def test_a_small_case_that_cannot_be_read_leaves_the_one_in_hand_marked_in_the_list(
    open_dock: UnlearnWidget, qtbot: Any
) -> None:
    bench = open_dock.controller.bench
    here, other = bench.project.case.id, bench.project.order[-1]
    bench.project.dataset.case(other).coarse_path.unlink()
    view = open_dock.findChild(QTableView, "cases")
    lines = {view.model().index(k, 0).data(): k for k in range(view.model().rowCount())}
    view.selectRow(lines[other])
    assert other in open_dock.messages.shown[-1][1]
    qtbot.waitUntil(lambda: view.currentIndex().data() == here)
    assert [index.row() for index in view.selectionModel().selectedRows()] == [lines[here]]


def test_the_job_yields_a_case_or_a_sentence(open_dock: UnlearnWidget) -> None:
    project = open_dock.controller.bench.project
    *_, last = switching.events(LoadRequest(project, project.order[0]), Token())
    assert isinstance(last, Done)
    assert last.result.loaded.work.case.id == project.order[0]
    assert np.array_equal(last.result.ring, outline(last.result.loaded.work.editing.coarse))
    *_, last = switching.events(LoadRequest(project, "nobody"), Token())
    assert isinstance(last, Failed)
