from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QObject

from napari_unlearn.plugin.garbage import SetAside, no_search


class Ring:
    """Garbage that only a search finds."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def nothing_aside() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_while_modules_are_imported_nothing_is_searched_and_then_they_are_old() -> None:
    with no_search():
        assert not gc.isenabled()
        ring = Ring()
        seen = weakref.ref(ring)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    del ring
    gc.collect(1)
    assert seen() is not None  # a search among what is young does not look at it
    gc.collect()
    assert seen() is None


def test_what_is_set_aside_is_not_searched_before_it_is_given_back(qapp: Any) -> None:
    owner = QObject()
    aside = SetAside(ViewerModel(), owner)
    ring = Ring()
    seen = weakref.ref(ring)
    aside.begin()
    del ring
    gc.collect()
    assert seen() is not None
    gc.unfreeze()
    gc.collect()
    assert seen() is None


def test_where_python_searches_nothing_it_does_not_begin_to_afterwards() -> None:
    gc.disable()
    with pytest.raises(ValueError, match="stopped"), no_search():
        raise ValueError("stopped")
    assert not gc.isenabled()


def test_what_comes_later_is_found_as_ever(qapp: Any) -> None:
    SetAside(ViewerModel(), owner := QObject()).begin()
    ring = Ring()
    seen = weakref.ref(ring)
    del ring
    gc.collect()
    assert seen() is None
    assert owner is not None


def test_everything_is_searched_for_what_a_layer_leaves_that_was_there_before(qapp: Any, qtbot: Any) -> None:
    viewer, owner = ViewerModel(), QObject()
    viewer.add_image(np.zeros((8, 8)), name="large")
    aside = SetAside(viewer, owner)
    aside.begin()
    removed: list[int] = []
    # napari searches when it takes the layer out of its canvas.
    viewer.layers.events.removed.connect(lambda event: removed.append(gc.get_freeze_count()))
    viewer.layers.remove("large")
    assert removed == [0]
    qtbot.waitUntil(lambda: gc.get_freeze_count() > 0, timeout=60_000)


def test_a_layer_that_came_later_leaves_everything_else_aside(qapp: Any) -> None:
    viewer, owner = ViewerModel(), QObject()
    SetAside(viewer, owner).begin()
    viewer.add_image(np.zeros((8, 8)), name="mask")
    viewer.layers.remove("mask")
    assert gc.get_freeze_count() > 0


def test_everything_is_searched_again_when_the_dock_goes(qapp: Any) -> None:
    viewer, owner = ViewerModel(), QObject()
    SetAside(viewer, owner).begin()
    assert gc.get_freeze_count() > 0
    owner.deleteLater()
    qapp.sendPostedEvents(owner, 52)  # QEvent.DeferredDelete
    assert gc.get_freeze_count() == 0
