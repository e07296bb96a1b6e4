from __future__ import annotations

from typing import Any

from napari_unlearn.plugin.widget import UnlearnWidget


def test_what_is_in_sight_gets_its_picture_and_nothing_else(bare_dock: UnlearnWidget, qtbot: Any) -> None:
    cases = bare_dock.data.cases
    wanted = list(cases.listed[:9])
    cases.thumbnails_wanted.emit(wanted)
    qtbot.waitUntil(lambda: all(cases._model.has_thumbnail(name) for name in wanted), timeout=60_000)
    assert sum(cases._model.has_thumbnail(name) for name in cases.listed) == 9


def test_only_the_last_wish_counts_and_what_cannot_be_read_is_asked_for_once(
    bare_dock: UnlearnWidget, qtbot: Any
) -> None:
    cases, thumbnails = bare_dock.data.cases, bare_dock.controller.desk.thumbnails
    broken, *others = cases.listed[:30]
    project = bare_dock.controller.bench.project
    project.dataset.case(broken).image_path.unlink()
    cases.thumbnails_wanted.emit([broken, *others[:15]])
    cases.thumbnails_wanted.emit([broken, *others[15:18]])
    qtbot.waitUntil(lambda: all(cases._model.has_thumbnail(name) for name in others[15:18]), timeout=60_000)
    qtbot.waitUntil(lambda: not thumbnails.task.state.busy, timeout=60_000)
    assert not cases._model.has_thumbnail(broken)
    assert not any(cases._model.has_thumbnail(name) for name in others[5:15])
    cases.thumbnails_wanted.emit([broken])
    assert not thumbnails.task.state.busy


def test_pictures_of_a_data_set_that_was_closed_are_dropped(bare_dock: UnlearnWidget, qtbot: Any) -> None:
    cases, thumbnails = bare_dock.data.cases, bare_dock.controller.desk.thumbnails
    name = cases.listed[0]
    cases.thumbnails_wanted.emit([name])
    thumbnails.follow()
    bare_dock.controller.bench.runner.wait(20)
    qtbot.wait(120)
    assert not cases._model.has_thumbnail(name)
