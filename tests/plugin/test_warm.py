from __future__ import annotations

import sys
from typing import Any

import pytest

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


def test_the_window_is_told_which_devices_cannot_be_used(monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    monkeypatch.setattr(warm, "MODULES", ())
    monkeypatch.setattr(warm, "unavailable_devices", lambda: {"cuda": "No card."})
    runner = ThreadRunner()
    told: list[object] = []
    START(runner, told.append)
    qtbot.waitUntil(lambda: told == [{"cuda": "No card."}], timeout=10_000)
    runner.wait(10)


def test_the_dock_warms_up_only_after_it_is_shown(make_napari_viewer: Any, monkeypatch: Any, qtbot: Any) -> None:
    from napari_unlearn.plugin.widget import open_in

    started: list[int] = []
    monkeypatch.setattr(warm, "start", lambda *_: started.append(1))
    widget = open_in(make_napari_viewer(show=True))
    assert started == []
    qtbot.waitUntil(lambda: started == [1], timeout=10_000)
    assert widget.isVisible()
