"""The colour bar of the leakage maps, in nats."""

from __future__ import annotations

from qtpy.QtCore import QSize
from qtpy.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.views.parts import label, row


class ColourScale(QWidget):
    """A gradient with the numbers of its ends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = label("0", "hint"), label("", "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(label("Leakage per pixel, in nats (all test images together)", "hint"))
        layout.addLayout(row(self._low, _Gradient(), self._high, stretch=1))
        self._here = label("", "hint", wrap=True)
        self._here.setObjectName("leakage_here")
        self._here.setMinimumHeight(3 * self._here.fontMetrics().lineSpacing())  # or the page would jump with the mouse
        layout.addWidget(self._here)
        self.show_here("")

    def show_limits(self, low: float, high: float) -> None:
        """Show the contrast limits of the maps."""
        self._low.setText(f"{low:.2g}")
        self._high.setText(f"{high:.2g}")

    def show_here(self, sentence: str) -> None:
        """Say what the map shows under the mouse."""
        self._here.setText(sentence or "Rest the mouse on the map to read it.")


class _Gradient(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("leakage_colours")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(160, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        gradient = QLinearGradient(0, 0, self.width(), 0)
        last = len(colours.LEAKAGE) - 1
        for place, colour in enumerate(colours.LEAKAGE):
            gradient.setColorAt(place / last, QColor.fromRgbF(*colour))
        painter.fillRect(self.rect(), gradient)
        painter.end()
