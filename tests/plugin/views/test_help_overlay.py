from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLabel, QWidget

from napari_unlearn.plugin.shortcuts import BRUSHING, SHORTCUTS, TABLES, Table
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


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("height", [420, 700])
def test_no_line_is_cut_off_in_a_low_window_and_the_keyboard_gets_to_the_last_one(
    overlay: HelpOverlay, table: Table, height: int
) -> None:
    overlay.parentWidget().resize(400, height)
    overlay.show_keys(table)
    overlay.toggle()
    QApplication.processEvents()
    lines = [text for text in overlay.findChildren(QLabel) if text.isVisible()]
    assert len(lines) >= 2 * (len(table) + len(BRUSHING))
    for text in lines:
        need = text.heightForWidth(text.width()) if text.wordWrap() else text.sizeHint().height()
        assert text.height() >= need, text.text()
        assert text.wordWrap() or text.width() >= text.sizeHint().width(), text.text()
    last = next(text for text in lines if text.text() == BRUSHING[-1][1])
    for _ in range(9):
        QTest.keyClick(overlay, Qt.Key.Key_PageDown)
    assert last.visibleRegion().boundingRect().height() == last.height()


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
