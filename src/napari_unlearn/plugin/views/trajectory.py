"""Dice and leakage of a running job, with their bands, beside the models to compare with."""

from __future__ import annotations

import math
from html import escape

import numpy as np
import pyqtgraph
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_unlearn.jobs.trajectory import BY_CHANCE, DICE, LEAKAGE, ORIGINAL, RETRAINED
from napari_unlearn.plugin import colours
from napari_unlearn.plugin.style import Theme
from napari_unlearn.plugin.views.curve import BELOW, REDRAW
from napari_unlearn.plugin.views.parts import label

TITLES = {DICE: "Dice", LEAKAGE: "Leakage, nats"}
COLOURS = dict(zip((DICE, ORIGINAL, RETRAINED, BY_CHANCE), (*colours.CURVES[:3], colours.CURVES[4]), strict=True))
NAMES = {DICE: "this run", ORIGINAL: "model before", RETRAINED: "same from the public start", BY_CHANCE: "by chance"}
OPACITY = 60  # of 255

Look = tuple[float, float, float]  # value, low, high


class TrajectoryView(QWidget):
    """Two small plots, one above the other; points that come fast are drawn together."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks: dict[str, dict[int, Look]] = {DICE: {}, LEAKAGE: {}, BY_CHANCE: {}}
        self._levels: dict[tuple[str, str], float] = {}
        self._plots: dict[str, pyqtgraph.PlotWidget] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for name, title in TITLES.items():
            self._plots[name] = plot = pyqtgraph.PlotWidget(self)
            plot.setFixedHeight(116 if name == DICE else 136)
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.setMouseEnabled(False, False)
            plot.setLabel("left", title)
            for side in ("left", "bottom"):
                plot.getAxis(side).enableAutoSIPrefix(False)
            plot.getAxis("left").setWidth(58)  # the steps of both plots lie below each other
            layout.addWidget(plot)
        self._plots[DICE].setYRange(0, 1)
        self._plots[LEAKAGE].setLabel("bottom", "step")
        self._plots[LEAKAGE].getPlotItem().layout.setContentsMargins(0, 0, 0, BELOW)
        self._legend = label("", wrap=True, rich=True)
        self._about = label("", "hint", wrap=True)
        layout.addWidget(self._legend)
        layout.addWidget(self._about)
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(REDRAW)
        self._redraw.timeout.connect(self._draw)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        for plot in self._plots.values():
            plot.setBackground(theme.surface)
            for side in ("bottom", "left"):
                plot.getAxis(side).setPen(theme.muted)
                plot.getAxis(side).setTextPen(theme.muted)

    def clear(self) -> None:
        """Forget everything."""
        for looks in self._looks.values():
            looks.clear()
        self._levels.clear()
        self._about.setText("")
        self._draw()
        self.hide()

    def add(self, name: str, step: int, value: float, low: float | None, high: float | None) -> None:
        """Add a look; without an interval its band has no width."""
        self._looks[name][step] = value, value if low is None else low, value if high is None else high
        self._later()

    def add_level(self, name: str, model: str, value: float, about: str) -> None:
        """Add a model to compare with, and say what all of it is measured on."""
        self._levels[name, model] = value
        self._about.setText(about)
        self._later()

    def _later(self) -> None:
        self.show()
        if not self._redraw.isActive():
            self._redraw.start()

    def _draw(self) -> None:
        for name, plot in self._plots.items():
            plot.clear()
            looks = self._looks[name]
            if looks:
                steps, values = list(looks), np.array(list(looks.values())).T
                for piece in np.split(np.arange(len(steps)), np.flatnonzero(np.isnan(values[0]))):
                    seen = piece[~np.isnan(values[0, piece])]  # a gap in the curve is one in the band
                    self._fill(plot, np.array(steps)[seen], values[1:, seen])
                _line(plot, steps, values[0], _pen(DICE), symbol="o")
            for (curve, model), value in self._levels.items():
                if curve == name:
                    plot.addItem(pyqtgraph.InfiniteLine(value, angle=0, pen=_pen(model)))
                    if name == LEAKAGE:  # lines without end have no say in the limits
                        plot.addItem(pyqtgraph.PlotCurveItem([next(iter(looks), 0)] * 2, [value] * 2, pen=None))
        chance = self._looks[BY_CHANCE]
        if chance:
            _line(self._plots[LEAKAGE], list(chance), [value for value, *_ in chance.values()], _pen(BY_CHANCE))
        shown = [DICE, *(key for key in (ORIGINAL, RETRAINED) if (DICE, key) in self._levels)]
        entries = [*shown, BY_CHANCE] if chance else shown
        # A name stays on the line of its colour.
        names = {key: escape(NAMES[key]).replace(" ", "&nbsp;") for key in entries}
        self._legend.setText(
            " &nbsp;".join(f'<span style="color:{COLOURS[key]}">━</span>&nbsp;{name}' for key, name in names.items())
        )

    def _fill(self, plot: pyqtgraph.PlotWidget, steps: np.ndarray, ends: np.ndarray) -> None:
        if len(steps) < 2:
            return
        edges = [pyqtgraph.PlotCurveItem(steps, end, pen=None) for end in ends]
        colour = pyqtgraph.mkColor(COLOURS[DICE])
        colour.setAlpha(OPACITY)
        plot.addItem(pyqtgraph.FillBetweenItem(*edges, brush=colour))
        for edge in edges:  # they make room for the band
            plot.addItem(edge)


def _pen(key: str) -> object:
    style = Qt.PenStyle.SolidLine if key == DICE else Qt.PenStyle.DotLine if key == RETRAINED else Qt.PenStyle.DashLine
    return pyqtgraph.mkPen(COLOURS[key], width=2, style=style)


def _line(plot: pyqtgraph.PlotWidget, steps: object, values: object, pen: object, symbol: str | None = None) -> None:
    shown = np.array([value if math.isfinite(value) else math.nan for value in values])  # type: ignore[attr-defined]
    if np.isnan(shown).all():  # pyqtgraph would look for the limits of nothing
        return
    brush = pyqtgraph.mkBrush(COLOURS[DICE])
    plot.plot(steps, shown, pen=pen, symbol=symbol, symbolSize=4, symbolBrush=brush, symbolPen=None, connect="finite")
