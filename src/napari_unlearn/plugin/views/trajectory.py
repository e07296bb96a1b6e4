"""Dice and leakage of a running job, with their bands, beside the models to compare with."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QPen
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_unlearn.jobs.trajectory import BY_CHANCE, DICE, LEAKAGE, ORIGINAL, RETRAINED
from napari_unlearn.plugin import colours
from napari_unlearn.plugin.style import Theme
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.curve import BELOW, REDRAW, StepAxis
from napari_unlearn.plugin.views.legend import Legend
from napari_unlearn.plugin.views.parts import label

TITLES = {DICE: "Dice", LEAKAGE: "Leakage, nats"}
PLACES = {DICE: 0, ORIGINAL: 1, RETRAINED: 2, BY_CHANCE: 4}  # in the row of colours
NAMES = {DICE: "This run", ORIGINAL: "Model before", RETRAINED: "From the public start", BY_CHANCE: "By chance"}
OPACITY = 60  # of 255
_STYLES = {DICE: Qt.PenStyle.SolidLine, RETRAINED: Qt.PenStyle.DotLine}

Look = tuple[float, float, float]  # value, low, high


class TrajectoryView(QWidget):
    """Two small plots, one above the other; points that come fast are drawn together."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks: dict[str, dict[int, Look]] = {DICE: {}, LEAKAGE: {}, BY_CHANCE: {}}
        self._colours = colours.CURVES_DARK
        self._levels: dict[tuple[str, str], float] = {}
        self._plots: dict[str, pyqtgraph.PlotWidget] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for name, title in TITLES.items():
            self._plots[name] = plot = pyqtgraph.PlotWidget(self, axisItems={"bottom": StepAxis("bottom")})
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
        self._legend = Legend()
        self._legend.setToolTip(TEXTS["trajectory_legend"].tip)
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
        self._colours = theme.curves
        self._draw()

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
                _line(plot, steps, values[0], self._pen(DICE), symbol="o")
            for (curve, model), value in self._levels.items():
                if curve == name:
                    plot.addItem(pyqtgraph.InfiniteLine(value, angle=0, pen=self._pen(model)))
        chance = self._looks[BY_CHANCE]
        if chance:
            _line(self._plots[LEAKAGE], list(chance), [value for value, *_ in chance.values()], self._pen(BY_CHANCE))
        shown = [DICE, *(key for key in (ORIGINAL, RETRAINED) if (DICE, key) in self._levels)]
        entries = [*shown, BY_CHANCE] if chance else shown
        self._legend.show_entries({NAMES[key]: self._colours[PLACES[key]] for key in entries})
        self._fit()

    def _fit(self) -> None:
        """From the first step to the last one; leakage with its zero and with room for the top of its scale."""
        steps = [step for looks in self._looks.values() for step in looks] or [0]
        for plot in self._plots.values():
            plot.setXRange(min(steps), max(max(steps), min(steps) + 1), padding=0.04)
        ends = [end for name in (LEAKAGE, BY_CHANCE) for look in self._looks[name].values() for end in look]
        ends += [value for (name, _), value in self._levels.items() if name == LEAKAGE]
        known = [0.0, *(end for end in ends if math.isfinite(end))]
        self._plots[LEAKAGE].setYRange(min(known), 1.15 * max(known) or 1.0, padding=0.03)

    def _fill(self, plot: pyqtgraph.PlotWidget, steps: np.ndarray, ends: np.ndarray) -> None:
        if len(steps) < 2:
            return
        edges = [pyqtgraph.PlotCurveItem(steps, end, pen=None) for end in ends]
        colour = pyqtgraph.mkColor(self._colours[PLACES[DICE]])
        colour.setAlpha(OPACITY)
        plot.addItem(pyqtgraph.FillBetweenItem(*edges, brush=colour))

    def _pen(self, key: str) -> QPen:
        style = _STYLES.get(key, Qt.PenStyle.DashLine)
        return pyqtgraph.mkPen(self._colours[PLACES[key]], width=2, style=style)


def _line(plot: pyqtgraph.PlotWidget, steps: object, values: object, pen: QPen, symbol: str | None = None) -> None:
    shown = np.array([value if math.isfinite(value) else math.nan for value in values])  # type: ignore[attr-defined]
    if np.isnan(shown).all():  # pyqtgraph would look for the limits of nothing
        return
    brush = pyqtgraph.mkBrush(pen.color())
    plot.plot(steps, shown, pen=pen, symbol=symbol, symbolSize=6, symbolBrush=brush, symbolPen=None, connect="finite")
