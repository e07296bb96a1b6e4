from __future__ import annotations

import threading
from typing import Any

import pytest

from napari_unlearn.plugin import warm


def test_what_cannot_be_imported_is_left_to_the_job_that_needs_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(warm, "MODULES", ("no_such_module_anywhere", "colorsys"))
    before = set(threading.enumerate())
    # The fixture that keeps other tests cool replaced the attribute, not the code behind it.
    thread = threading.Thread(target=warm._work)
    thread.start()
    thread.join(30)
    assert "no_such_module_anywhere" in caplog.text
    import sys

    assert "colorsys" in sys.modules
    assert set(threading.enumerate()) <= before


def test_the_dock_warms_up_only_after_it_is_shown(make_napari_viewer: Any, monkeypatch: Any, qtbot: Any) -> None:
    from napari_unlearn.plugin.widget import open_in

    started: list[int] = []
    monkeypatch.setattr(warm, "start", lambda: started.append(1))
    widget = open_in(make_napari_viewer(show=True))
    assert started == []
    qtbot.waitUntil(lambda: started == [1], timeout=10_000)
    assert widget.isVisible()
