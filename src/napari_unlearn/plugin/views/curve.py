"""Curves of a running job, drawn while it runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph
from qtpy.QtCore import QTimer
from qtpy.QtGui import QPen
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.style import Theme

REDRAW = 100  # milliseconds
WIDE = 100.0  # ratio of largest to smallest value from which on a linear axis would flatten the small ones
BELOW = 6  # pixels; pyqtgraph lets the name of the lower axis hang over its edge


class StepAxis(pyqtgraph.AxisItem):
    """An axis of steps, of which there are only whole ones."""

    def tickSpacing(self, lowest: float, highest: float, size: float) -> list[tuple[float, float]]:
        """Where ticks stand, from large to small."""
        spacings = {max(1, round(spacing)) for spacing, _ in super().tickSpacing(lowest, highest, size)}
        return [(spacing, 0) for spacing in sorted(spacings, reverse=True)]


class Curve(QWidget):
    """One line per metric over the steps of the job; points that come fast are drawn together.

    The axis of values is logarithmic where they are positive and far apart, as a residual is that falls to nothing.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(150)
        self._plot = pyqtgraph.PlotWidget(self, axisItems={"bottom": StepAxis("bottom")})
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(False, False)
        self._plot.setLabel("bottom", "step")
        self._plot.getAxis("bottom").enableAutoSIPrefix(False)  # nobody counts steps in thousandths
        self._plot.getPlotItem().layout.setContentsMargins(0, 0, 0, BELOW)
        self._legend = self._plot.addLegend(offset=(-6, 4))
        self._colours = colours.CURVES_DARK
        self._points: dict[str, tuple[list[int], list[float]]] = {}
        self._lines: dict[str, pyqtgraph.PlotDataItem] = {}
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW)
        self._redraw.timeout.connect(self._draw)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._plot.setBackground(theme.surface)
        for side in ("bottom", "left"):
            axis = self._plot.getAxis(side)
            axis.setPen(theme.muted)
            axis.setTextPen(theme.muted)
        self._legend.setLabelTextColor(theme.text)
        self._colours = theme.curves
        for place, line in enumerate(self._lines.values()):
            pen = self._pen(place)
            line.setPen(pen)
            line.setSymbolPen(pen)
            line.setSymbolBrush(pen.color())

    def clear(self) -> None:
        """Forget all curves."""
        self._plot.clear()
        self._points.clear()
        self._lines.clear()

    def add(self, name: str, step: int, value: float) -> None:
        """Add a point to a curve, which begins with its first point."""
        if name not in self._points:
            pen = self._pen(len(self._points))
            self._points[name] = ([], [])
            line = self._plot.plot([], [], pen=pen, symbolBrush=pen.color(), symbolPen=pen, name=name.replace("_", " "))
            self._lines[name] = line
        steps, values = self._points[name]
        steps.append(step)
        values.append(value)
        if not self._redraw.isActive():
            self._redraw.start()

    def _pen(self, place: int) -> QPen:
        return pyqtgraph.mkPen(self._colours[place % len(self._colours)], width=2)

    def _draw(self) -> None:
        logarithmic = _far_apart([value for _, values in self._points.values() for value in values])
        self._plot.setLogMode(False, logarithmic)
        for name, (steps, values) in self._points.items():
            shown = [value if value > 0 or not logarithmic else math.nan for value in values]
            # One point is no line yet.
            self._lines[name].setData(steps, shown, symbol="o" if len(steps) == 1 else None, symbolSize=6)


def _far_apart(values: Sequence[float]) -> bool:
    positive = [value for value in values if value > 0]
    return bool(positive) and min(values) >= 0 and max(positive) > WIDE * min(positive)
