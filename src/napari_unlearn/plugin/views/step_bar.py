"""The four steps along the top: where the user is, what is done, and the way to each."""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_unlearn.plugin.style import Theme
from napari_unlearn.plugin.texts import INTRO, STEPS

RADIUS = 12.0


class StepBar(QWidget):
    """Numbered circles joined by a line; a click or the arrow keys choose a step."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("steps")
        self.setAccessibleName("Steps")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.current = 0
        self._done = [False] * len(STEPS)
        self._theme: Theme | None = None

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    def show_step(self, step: int) -> None:
        """Mark `step` as the one the user is in."""
        self.current = step
        self.update()

    def show_done(self, done: list[bool]) -> None:
        """Tick the steps that are done."""
        self._done = done
        self.update()

    def sizeHint(self) -> QSize:
        """As high as circles and names are, any width."""
        return QSize(320, round(2 * RADIUS) + 16 + QFontMetrics(self._letters()).height())

    def centre(self, step: int) -> QPointF:
        """Middle of the circle of `step`."""
        return QPointF(self.width() * (step + 0.5) / len(STEPS), 5 + RADIUS + 3)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the step under the mouse."""
        self.chosen.emit(self._at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what the step under the mouse is for."""
        self.setToolTip(INTRO[STEPS[self._at(event.position().x())]])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys choose the neighbour."""
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not move:
            super().keyPressEvent(event)
            return
        self.chosen.emit(min(max(self.current + move, 0), len(STEPS) - 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line, the circles and the names."""
        if self._theme is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent, line, text, muted = (
            QColor(value) for value in (self._theme.accent, self._theme.line, self._theme.text, self._theme.muted)
        )
        for step in range(len(STEPS) - 1):
            painter.setPen(QPen(accent if self._done[step] else line, 2))
            painter.drawLine(self.centre(step) + QPointF(RADIUS + 6, 0), self.centre(step + 1) - QPointF(RADIUS + 6, 0))
        for step, name in enumerate(STEPS):
            here = step == self.current
            filled = here or self._done[step]
            painter.setPen(QPen(accent if filled else line, 2))
            painter.setBrush(accent if here else QColor(self._theme.background))
            painter.drawEllipse(self.centre(step), RADIUS, RADIUS)
            if here and self.hasFocus():  # else nobody sees that the arrow keys turn the page now
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(self.centre(step), RADIUS + 3, RADIUS + 3)
            font = self._letters()
            font.setBold(here)
            painter.setFont(font)
            circle = QRectF(self.centre(step) - QPointF(RADIUS, RADIUS), self.centre(step) + QPointF(RADIUS, RADIUS))
            painter.setPen(QColor(self._theme.on_accent) if here else accent if self._done[step] else muted)
            mark = "✓" if self._done[step] and not here else str(step + 1)
            painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, mark)
            painter.setPen(text if here else muted)
            width = self.width() / len(STEPS)
            place = QRectF(step * width, circle.bottom() + 4, width, QFontMetrics(font).height() + 2)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, name)
        painter.end()

    def _letters(self) -> QFont:
        font = QFont(self.font())
        if self._theme is not None:
            font.setPointSizeF(self._theme.points)
        return font

    def _at(self, x: float) -> int:
        return min(max(int(x * len(STEPS) / max(self.width(), 1)), 0), len(STEPS) - 1)
