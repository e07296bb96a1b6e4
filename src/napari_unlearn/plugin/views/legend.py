"""What the colours in the picture mean."""

from __future__ import annotations

from qtpy.QtCore import QRectF
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QGridLayout, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.views.parts import label

SIDE = 14  # pixels


class Legend(QWidget):
    """Coloured squares with names, two in a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, str] = {}
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(2, 0, 2, 0)
        self._layout.setHorizontalSpacing(6)
        self._layout.setVerticalSpacing(3)
        self._layout.setColumnStretch(1, 1)
        self._layout.setColumnStretch(3, 1)

    @property
    def entries(self) -> dict[str, str]:
        """What is shown: names with their colours."""
        return self._entries

    def show_entries(self, entries: dict[str, str]) -> None:
        """Show names with their colours; outlines are marked by a leading ``○``."""
        if entries == self._entries:  # asked for with every point of a curve
            return
        self._entries = dict(entries)
        while self._layout.count():
            old = self._layout.takeAt(0).widget()
            old.hide()  # it lies where the new ones come until Qt finds the time to delete it
            old.deleteLater()
        for place, (name, colour) in enumerate(entries.items()):
            self._layout.addWidget(_Swatch(colour, name.startswith("○")), place // 2, 2 * (place % 2))
            self._layout.addWidget(label(name.lstrip("○"), "hint"), place // 2, 2 * (place % 2) + 1)


class _Swatch(QWidget):
    """A square, with an edge because colours of the picture need not stand out from the page."""

    def __init__(self, colour: str, outlined: bool) -> None:
        super().__init__()
        self._colour, self._outlined = QColor(colour), outlined
        self.setFixedSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.RIM), 1))
        painter.setBrush(self._colour)
        painter.drawRoundedRect(QRectF(0.5, 0.5, SIDE - 1, SIDE - 1), 3, 3)
        if self._outlined:
            painter.setBrush(QColor(colours.SKIN))
            painter.drawRect(QRectF(4.5, 4.5, SIDE - 9, SIDE - 9))
        painter.end()
