from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.plugin import switching, unrefined
from napari_unlearn.plugin.unrefined import REST_EMPTY
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project import CaseStatus
from napari_unlearn.project.store import Loaded


def empty(dock: UnlearnWidget, case_id: str) -> None:
    """Take the lesion out of a coarse mask on disk."""
    path = dock.controller.bench.project.dataset.case(case_id).coarse_path
    Image.fromarray(np.zeros_like(np.asarray(Image.open(path)))).save(path)


def waiting(dock: UnlearnWidget) -> tuple[str, ...]:
    """Unrefined cases after the one in hand, in the order of the data set."""
    return tuple(case_id for case_id in dock.controller.bench.unrefined.waiting() if case_id != here(dock))


def here(dock: UnlearnWidget) -> str:
    return dock.controller.bench.project.case.id


@pytest.fixture
def queue(bare_dock: UnlearnWidget) -> UnlearnWidget:
    return bare_dock


def test_cases_without_a_lesion_are_passed_over_and_stay_in_the_queue(queue: UnlearnWidget) -> None:
    first, second, third = waiting(queue)[:3]
    empty(queue, first)
    empty(queue, second)
    queue.controller.perform("next_unrefined")
    assert here(queue) == third
    project = queue.controller.bench.project
    assert project.status(first) is CaseStatus.UNREFINED
    assert first in queue.data.cases.listed
    model = queue.data.cases._model
    tips = {case_id: model.data(model.place(case_id), 3) for case_id in (first, third)}  # Qt.ToolTipRole
    assert tips == {first: f"{first}: unrefined\nNo lesion in the coarse mask", third: f"{third}: unrefined"}
    queue.controller.bench.switching.go(first)
    assert queue.data.strip._name.toolTip() == f"{first}: unrefined, no lesion in the coarse mask"


def test_done_passes_over_them_as_well_and_looks_at_many_in_the_background(
    queue: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrefined, "FEW", 1)
    first, second, third = waiting(queue)[:3]
    empty(queue, first)
    empty(queue, second)
    before = here(queue)
    queue.controller.perform("done_refining")
    assert here(queue) == before
    qtbot.waitUntil(lambda: here(queue) == third, timeout=60_000)


def test_whoever_goes_on_meanwhile_stays_there(
    queue: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrefined, "FEW", 0)
    bench = queue.controller.bench
    queue.controller.perform("next_unrefined")
    bench.switching.go(bench.project.order[-1])
    qtbot.waitUntil(lambda: not bench.unrefined.task.state.busy, timeout=60_000)
    assert here(queue) == bench.project.order[-1]


def test_whoever_waits_for_a_large_case_meanwhile_gets_it(
    queue: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrefined, "FEW", 0)
    monkeypatch.setattr(switching, "AT_ONCE", 0)
    bench = queue.controller.bench
    load, may_end = bench.project.load, threading.Event()

    def slow(case_id: str) -> Loaded:
        may_end.wait(60)
        return load(case_id)

    monkeypatch.setattr(bench.project, "load", slow)
    queue.controller.perform("next_unrefined")
    bench.switching.go(bench.project.order[-1])
    qtbot.waitUntil(lambda: not bench.unrefined.task.state.busy, timeout=60_000)
    may_end.set()
    qtbot.waitUntil(lambda: not bench.switching.task.state.busy, timeout=60_000)
    assert here(queue) == bench.project.order[-1]


def test_where_the_rest_has_no_lesion_it_is_said(
    queue: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = here(queue)
    for case_id in (before, *waiting(queue)):
        empty(queue, case_id)
    # The mask in hand was read before it was emptied.
    monkeypatch.setattr(queue.controller.bench.project.lesion_free, "_known", {})
    for few in (0, 1000):  # in the background, and then known
        monkeypatch.setattr(unrefined, "FEW", few)
        told = len(queue.messages.shown)
        queue.controller.perform("next_unrefined")
        qtbot.waitUntil(lambda told=told: len(queue.messages.shown) > told, timeout=60_000)
        assert queue.messages.shown[-1][1] == REST_EMPTY
    assert here(queue) == before


def test_a_mask_that_cannot_be_read_is_opened_all_the_same_and_says_why(queue: UnlearnWidget) -> None:
    first = waiting(queue)[0]
    path: Path = queue.controller.bench.project.dataset.case(first).coarse_path
    path.write_bytes(b"no picture")
    queue.controller.perform("next_unrefined")
    assert path.name in queue.messages.shown[-1][1]
