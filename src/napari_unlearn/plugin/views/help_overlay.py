"""Every key of the window on one page that lies over the dock; a press of its key, Escape or a click takes it away."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QAbstractSlider, QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from napari_unlearn.plugin.shortcuts import BRUSHING, SHORTCUTS, Table
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import label


class HelpOverlay(QFrame):
    """Covers its parent while it is shown.

    Parameters
    ----------
    parent : QWidget
        What it covers.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("help_overlay")
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Keys")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(6)
        layout.addWidget(label("Keys", "title"))
        layout.addWidget(label("They work over the image while this dock is open.", "hint", wrap=True))
        self._scroll = QScrollArea()  # in a low window there is no room for all of them
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(label("Escape or a click closes this page.", "hint", wrap=True))
        self.show_keys(SHORTCUTS)
        parent.installEventFilter(self)
        self.hide()

    def show_keys(self, table: Table) -> None:
        """List the keys of one of the tables, and those of the brush."""
        keys = QWidget()
        keys.setObjectName("unlearn_page")
        lines = QGridLayout(keys)
        lines.setContentsMargins(0, 0, 6, 0)
        lines.setHorizontalSpacing(14)
        lines.setVerticalSpacing(4)
        lines.setColumnStretch(1, 1)
        _list(lines, [(written, _name(action)) for action, written in table.values()])
        lines.addWidget(label("WHILE BRUSHING", "section"), lines.rowCount(), 0, 1, 2)
        _list(lines, BRUSHING)
        lines.setRowStretch(lines.rowCount(), 1)
        self._scroll.setWidget(keys)

    def toggle(self) -> None:
        """Show it, or take it away."""
        if self.isVisible():
            self.hide()
            return
        self.setGeometry(self.parentWidget().rect())
        self.show()
        self.raise_()
        self.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the parent at every size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self.parentWidget().rect())
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go away."""
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go away on Escape and on the key that shows it; scroll by the keys for that."""
        moves = {
            Qt.Key.Key_Up: QAbstractSlider.SliderAction.SliderSingleStepSub,
            Qt.Key.Key_Down: QAbstractSlider.SliderAction.SliderSingleStepAdd,
            Qt.Key.Key_PageUp: QAbstractSlider.SliderAction.SliderPageStepSub,
            Qt.Key.Key_PageDown: QAbstractSlider.SliderAction.SliderPageStepAdd,
        }
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
            self.hide()
        elif event.key() in moves:
            self._scroll.verticalScrollBar().triggerAction(moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)


def _name(action: str) -> str:
    return TEXTS[action].tip.partition(". ")[0].rstrip(".")


def _list(grid: QGridLayout, lines: Sequence[tuple[str, str]]) -> None:
    first = grid.rowCount()
    for place, (key, what) in enumerate(lines, first):
        badge = label(key, "key")
        badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid.addWidget(badge, place, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(what, "", wrap=True), place, 1)
