from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.settings import get_plugin_settings
from qtpy.QtWidgets import QComboBox, QLabel, QPushButton

from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.preferences import PLUGIN
from napari_unlearn.plugin.shortcuts import LEFT_MOUSE, SHORTCUTS
from napari_unlearn.plugin.widget import UnlearnWidget, open_in


def test_keys_tooltips_and_help_follow_the_hand_that_is_chosen_while_the_window_is_open(dock: UnlearnWidget) -> None:
    viewer = dock.controller.bench.viewer
    dock.controller.keys.bind()
    propose = dock.findChild(QPushButton, "propose")
    free = len(viewer.keymap) - len(SHORTCUTS)
    assert propose.toolTip().endswith("(G)")
    assert "Trim (eraser)" in words(dock)
    get_plugin_settings(PLUGIN).window.mouse_hand = "left"
    assert len(viewer.keymap) == free + len(LEFT_MOUSE)
    assert propose.toolTip().endswith("(H)")
    assert dock.findChild(QPushButton, "tool_trim").toolTip().endswith("(0)")
    assert {written for _, written in LEFT_MOUSE.values()} <= words(dock)
    get_plugin_settings(PLUGIN).window.mouse_hand = "right"
    assert len(viewer.keymap) == free + len(SHORTCUTS)
    assert propose.toolTip().endswith("(G)")
    dock.controller.keys.release()


def test_a_window_begins_with_the_device_and_the_brush_that_are_preferred(
    make_napari_viewer: Callable[..., Any], own_sample: Any, qtbot: Any
) -> None:
    chosen = get_plugin_settings(PLUGIN).window
    chosen.device, chosen.brush_size, chosen.mouse_hand = "cuda", 17, "left"
    dock = open_in(make_napari_viewer())
    bench = dock.controller.bench
    assert dock.findChild(QComboBox, "device").currentData() == "cuda"
    assert dock.findChild(QPushButton, "done_refining").toolTip().endswith("(Shift+J)")
    chosen.device = "cpu"
    assert dock.findChild(QComboBox, "device").currentData() == "cpu"
    dock.controller.opening.open(own_sample)
    qtbot.waitUntil(lambda: bench.has_project and bench.book.find(Role.FINE) is not None, timeout=60_000)
    assert bench.book.find(Role.FINE).brush_size == 17
    dock.controller.stop()
    chosen.device = "cuda"  # a window that was closed hears nothing of it
    assert dock.findChild(QComboBox, "device").currentData() == "cpu"


def words(dock: UnlearnWidget) -> set[str]:
    return {each.text() for each in dock.help.findChildren(QLabel)}
