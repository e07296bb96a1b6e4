from __future__ import annotations

import sys
from typing import Any

import pytest
import yaml
from napari._qt.dialogs.preferences_dialog import PreferencesDialog
from napari.settings import get_plugin_settings
from npe2 import PluginManifest
from qtpy.QtWidgets import QListWidget

from napari_unlearn.plugin.preferences import DEFAULTS, GROUP, PLUGIN, Preferences
from napari_unlearn.plugin.shortcuts import TABLES
from napari_unlearn.plugin.views.device_picker import NAMES
from napari_unlearn.plugin.widget import UnlearnWidget


def test_the_manifest_offers_what_the_window_knows(dock: UnlearnWidget) -> None:
    offered = PluginManifest.from_distribution(PLUGIN).contributions.configurations[GROUP].properties
    assert {name: entry.default for name, entry in offered.items()} == DEFAULTS
    assert list(offered["device"].enum or ()) == list(NAMES)
    assert list(offered["mouse_hand"].enum or ()) == list(TABLES)


def test_what_is_chosen_is_read_at_once_told_and_kept(dock: UnlearnWidget, tmp_path: Any) -> None:
    preferences, told = Preferences(), []
    end = preferences.connect("brush_size", lambda: told.append(preferences.brush_size))
    get_plugin_settings(PLUGIN).window.brush_size = 12
    assert told == [12]
    end()
    get_plugin_settings(PLUGIN).window.brush_size = 7
    assert told == [12]
    assert Preferences().brush_size == 7
    (kept,) = tmp_path.rglob(f"{PLUGIN}.yaml")
    assert yaml.safe_load(kept.read_text())[GROUP]["brush_size"] == 7


def test_napari_shows_a_page_of_the_plugin(dock: UnlearnWidget, qtbot: Any) -> None:
    dialog = PreferencesDialog()
    qtbot.addWidget(dialog)
    pages = dialog.findChild(QListWidget)
    assert "Unlearn" in [pages.item(place).text() for place in range(pages.count())]


def test_a_napari_that_keeps_no_settings_of_plugins_leaves_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys.modules["napari.settings"], "get_plugin_settings")
    preferences = Preferences()
    assert {name: getattr(preferences, name) for name in DEFAULTS} == DEFAULTS
    preferences.connect("device", pytest.fail)()
