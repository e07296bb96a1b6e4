from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel, QWidget

from napari_unlearn.plugin.shortcuts import BRUSHING, SHORTCUTS
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.help_overlay import HelpOverlay


@pytest.fixture
def parent(qtbot: Any) -> QWidget:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(400, 700)
    parent.show()
    return parent


@pytest.fixture
def overlay(parent: QWidget) -> HelpOverlay:
    return HelpOverlay(parent)


def test_every_key_is_listed_with_what_it_does(overlay: HelpOverlay) -> None:
    said = [each.text() for each in overlay.findChildren(QLabel)]
    for action, written in SHORTCUTS.values():
        assert len(said[said.index(written) + 1]) > 8
        assert TEXTS[action].tip.startswith(said[said.index(written) + 1])
    for written, what in BRUSHING:
        assert said[said.index(written) + 1] == what


def test_it_covers_the_window_at_every_size_and_goes_away_again(overlay: HelpOverlay) -> None:
    overlay.toggle()
    assert overlay.geometry() == overlay.parentWidget().rect()
    overlay.parentWidget().resize(500, 800)
    assert overlay.geometry() == overlay.parentWidget().rect()
    for close in (
        lambda: QTest.keyClick(overlay, Qt.Key.Key_Escape),
        lambda: QTest.keyClick(overlay, Qt.Key.Key_F1),
        lambda: QTest.mouseClick(overlay, Qt.MouseButton.LeftButton),
        overlay.toggle,
    ):
        assert overlay.isVisible()
        close()
        assert not overlay.isVisible()
        overlay.toggle()
