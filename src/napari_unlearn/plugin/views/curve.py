"""Curves of a running job, drawn while it runs."""

from __future__ import annotations

import pyqtgraph
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.style import Theme

REDRAW = 100  # milliseconds


class Curve(QWidget):
    """One line per metric over the steps of the job; points that come fast are drawn together."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(150)
        self._plot = pyqtgraph.PlotWidget(self)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(False, False)
        self._plot.setLabel("bottom", "step")
        self._plot.getAxis("bottom").enableAutoSIPrefix(False)  # nobody counts steps in thousandths
        self._legend = self._plot.addLegend(offset=(-6, 4))
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

    def clear(self) -> None:
        """Forget all curves."""
        self._plot.clear()
        self._points.clear()
        self._lines.clear()

    def add(self, name: str, step: int, value: float) -> None:
        """Add a point to a curve, which begins with its first point."""
        if name not in self._points:
            pen = pyqtgraph.mkPen(colours.CURVES[len(self._points) % len(colours.CURVES)], width=2)
            self._points[name] = ([], [])
            self._lines[name] = self._plot.plot([], [], pen=pen, name=name.replace("_", " "))
        steps, values = self._points[name]
        steps.append(step)
        values.append(value)
        if not self._redraw.isActive():
            self._redraw.start()

    def _draw(self) -> None:
        for name, (steps, values) in self._points.items():
            self._lines[name].setData(steps, values)
