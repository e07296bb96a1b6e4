from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.plugin.layers import CONTRASTS, Role
from napari_unlearn.plugin.picture_pairs import LINE
from napari_unlearn.plugin.widget import UnlearnWidget


@pytest.fixture
def revised(open_dock: UnlearnWidget, run: Path, qtbot: Any) -> UnlearnWidget:
    """The dock with predictions before and after."""
    open_dock.controller.bench.project.revise(run / "model")
    qtbot.waitUntil(lambda: not open_dock.controller.predicting.task.state.busy, timeout=120_000)
    return open_dock


def test_the_line_stays_in_the_picture_and_no_layer_is_left_behind(revised: UnlearnWidget) -> None:
    contrast, book = revised.controller.contrast, revised.controller.bench.book
    told: list[float] = []
    contrast.moved.connect(told.append)
    contrast.move(0.25)  # before anything is shown
    contrast.look(Role.SPLIT)
    picture = book.find(Role.SPLIT).data
    assert np.flatnonzero((picture == LINE).all(axis=0)).tolist() == [16]
    for share, line in ((-3.0, 0), (7.0, 63)):
        contrast.move(share)
        assert np.flatnonzero((picture == LINE).all(axis=0)).tolist() == [line]
    assert told == [0.25, 0.0, 1.0]
    contrast.look(Role.DIFFERENCE)
    assert book.find(Role.SPLIT) is None
    contrast.look(None)
    assert [role for role in CONTRASTS if book.find(role) is not None] == []


def test_a_layer_that_the_user_has_removed_is_not_drawn_on_but_made_again(revised: UnlearnWidget) -> None:
    contrast, bench = revised.controller.contrast, revised.controller.bench
    contrast.look(Role.SPLIT)
    bench.viewer.layers.remove(bench.book.find(Role.SPLIT))
    contrast.move(0.1)
    assert bench.book.find(Role.SPLIT) is None
    contrast.look(Role.SPLIT)
    picture = bench.book.find(Role.SPLIT).data
    assert np.flatnonzero((picture == LINE).all(axis=0)).tolist() == [6]
