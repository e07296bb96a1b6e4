"""Every key of the window on one page that lies over the dock; a press of its key, Escape or a click takes it away."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

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
        self._keys = QWidget()
        layout.addWidget(self._keys)
        layout.addStretch(1)
        layout.addWidget(label("Escape or a click closes this page.", "hint", wrap=True))
        self.show_keys(SHORTCUTS)
        parent.installEventFilter(self)
        self.hide()

    def show_keys(self, table: Table) -> None:
        """List the keys of one of the tables, and those of the brush."""
        keys = QWidget()
        layout = QVBoxLayout(keys)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(_table([(written, _name(action)) for action, written in table.values()]))
        layout.addWidget(label("WHILE BRUSHING", "section"))
        layout.addLayout(_table(list(BRUSHING)))
        self.layout().replaceWidget(self._keys, keys)
        self._keys.deleteLater()
        self._keys = keys

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
        """Go away on Escape and on the key that shows it."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
            self.hide()
        else:
            super().keyPressEvent(event)


def _name(action: str) -> str:
    return TEXTS[action].tip.partition(". ")[0].rstrip(".")


def _table(lines: list[tuple[str, str]]) -> QGridLayout:
    made = QGridLayout()
    made.setHorizontalSpacing(14)
    made.setVerticalSpacing(7)
    made.setColumnStretch(1, 1)
    for place, (key, what) in enumerate(lines):
        badge = label(key, "key")
        badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        made.addWidget(badge, place, 0)
        made.addWidget(label(what, "", wrap=True), place, 1)
    return made
