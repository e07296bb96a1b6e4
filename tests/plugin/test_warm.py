from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pint
import pytest
from pint.registry import LazyRegistry

from napari_unlearn.plugin import warm
from napari_unlearn.plugin.runner import ThreadRunner

# The fixture that keeps other tests cool replaces the attribute, not the code behind it.
START = warm.start


def test_what_cannot_be_imported_is_left_to_the_job_that_needs_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(warm, "MODULES", ("no_such_module_anywhere", "colorsys"))
    reasons = warm.warm_up()
    assert "no_such_module_anywhere" in caplog.text
    assert "colorsys" in sys.modules
    assert "cpu" not in reasons
    assert "auto" not in reasons


def test_a_library_that_cannot_be_opened_stops_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    broken = "raise OSError(126, 'libtorch.so cannot be opened')"
    (tmp_path / "broken_library.py").write_text(broken, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(warm, "MODULES", ("broken_library", "colorsys"))
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    warm.warm_up()
    assert "libtorch.so cannot be opened" in caplog.text
    assert "colorsys" in sys.modules


@pytest.fixture
def units() -> Iterator[Any]:
    """The table of units, as it is when a program starts."""
    own = pint.get_application_registry()
    before = own.get()
    own.set(LazyRegistry())
    yield own
    own.set(before)


def test_nobody_sees_a_table_of_units_that_is_not_complete(units: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, read = [], pint.UnitRegistry

    def watched() -> Any:
        made = read()
        seen.append(type(units.get()))
        return made

    monkeypatch.setattr(pint, "UnitRegistry", watched)
    warm.read_units()
    assert seen == [LazyRegistry]
    assert type(units.get()) is read
    assert units.pixel == units.get().pixel


def test_a_table_of_units_that_the_window_reads_first_stays(units: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first: list[Any] = []
    read = pint.UnitRegistry
    monkeypatch.setattr(pint, "UnitRegistry", lambda: first.append(units.pixel) or read())
    warm.read_units()
    assert 1 * units.pixel + 1 * first[0] == 2 * units.pixel  # units of two tables cannot be added


def test_the_window_is_told_which_devices_cannot_be_used(monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    monkeypatch.setattr(warm, "MODULES", ())
    monkeypatch.setattr(warm, "unavailable_devices", lambda: {"cuda": "No card."})
    runner = ThreadRunner()
    told: list[object] = []
    START(runner, told.append)
    qtbot.waitUntil(lambda: told == [{"cuda": "No card."}], timeout=60_000)
    runner.wait(10)


def test_the_first_brush_finds_its_circle_built_and_the_cursor_as_it_was(make_napari_viewer: Any) -> None:
    viewer = make_napari_viewer()
    canvas = viewer.window._qt_viewer.canvas
    since_9 = hasattr(canvas, "_viewer_overlay_to_visual")
    visuals = canvas._viewer_overlay_to_visual if since_9 else canvas._overlay_to_visual
    before, style = dict(visuals), viewer.cursor.style
    warm.draw_brush(viewer)
    built = {overlay for overlay in visuals if overlay not in before}
    assert len(built) == 1
    assert not any(overlay.visible for overlay in built)
    assert viewer.cursor.style == style
    viewer.cursor.size = 20
    viewer.cursor.style = "circle"
    assert {overlay for overlay in visuals if overlay not in before} == built


def test_the_dock_warms_up_only_after_it_is_shown(make_napari_viewer: Any, monkeypatch: Any, qtbot: Any) -> None:
    from napari_unlearn.plugin.widget import open_in

    started: list[int] = []
    monkeypatch.setattr(warm, "start", lambda *_: started.append(1))
    widget = open_in(make_napari_viewer(show=True))
    assert started == []
    qtbot.waitUntil(lambda: started == [1], timeout=60_000)
    assert widget.isVisible()


def test_the_first_layers_import_nothing_that_was_not_warm() -> None:
    # In a process of its own: here napari has had layers long since.
    script = """
        import importlib, sys
        import numpy as np, pint
        from napari.layers import Image, Labels
        from napari_unlearn.plugin.warm import FIRST_LAYER, MODULES
        pint.get_application_registry().pixel
        for name in FIRST_LAYER:
            if name in MODULES:
                importlib.import_module(name)
        known = {name.partition(".")[0] for name in sys.modules}
        Image(np.zeros((8, 8, 3), np.uint8), rgb=True)
        Labels(np.zeros((8, 8), np.uint8))
        print(*{name.partition(".")[0] for name in sys.modules} - known - sys.stdlib_module_names)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == []
