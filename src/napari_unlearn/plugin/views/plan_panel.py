"""What a budget costs: expected overlap and leakage against epsilon, with the public start and the exact refit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pyqtgraph
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_unlearn.jobs.predicted import Expected, PlanPoint, PlanResult
from napari_unlearn.operators.registry import info
from napari_unlearn.plugin import colours
from napari_unlearn.plugin.style import Theme
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.legend import Legend
from napari_unlearn.plugin.views.parts import Card, label

CERTIFIED, PUBLIC, EXACT = range(3)  # places in the row of colours
_NARROWEST = {"dice": 0.1, "leakage": 0.02}  # or chance would look like a trend

Read = Callable[[Expected], tuple[float | None, float]]
_READ: dict[str, Read] = {
    "dice": lambda expected: (expected.dice, expected.dice_spread),
    "leakage": lambda expected: (expected.leakage, expected.leakage_spread),
}


class PlanPanel(Card):
    """Two small plots, a legend, and one sentence about the budget that is chosen; hidden until there is a plan."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.operator = ""
        self._result: PlanResult | None = None
        self._epsilon = 1.0
        self._colours = colours.CURVES_DARK
        self._sentence = label("", wrap=True, rich=True)
        self._origin = label("", "hint", wrap=True)
        self.body.addWidget(self._sentence)
        self._legend = Legend()
        self._legend.setToolTip(TEXTS["plan_legend"].tip)
        self.body.addWidget(self._legend)
        self._plots = {key: _Plot(key) for key in _READ}
        for key, plot in self._plots.items():
            self.body.addWidget(label(TEXTS[f"plan_{key}"].label, "hint"))
            self.body.addWidget(plot)
        axis = label("Budget ε", "hint")  # of both plots; pyqtgraph would cut it off
        axis.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.body.addWidget(axis)
        self.body.addWidget(self._origin)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._colours = theme.curves
        for plot in self._plots.values():
            plot.set_theme(theme)
        if self._result is not None:
            self._draw(self._result)

    def show_result(self, result: PlanResult, operator: str) -> None:
        """Show what was predicted for an operator."""
        self.operator, self._result = operator, result
        self._draw(result)
        measured = ", ".join(f"{count} of {name.replace('_', ' ')}" for name, count in result.splits.items())
        flattered = "" if result.held_out else " These cases also teach, so expect less on new ones."
        self._origin.setText(
            f"Tried {result.draws} times at each budget on a stand-in for your model, which costs no budget; measured "
            f"on cases: {measured}.{flattered}"
        )
        self.show_epsilon(self._epsilon)
        self.show()

    def _draw(self, result: PlanResult) -> None:
        names = (info(self.operator).title, "From the public start", "Exact refit (ε = 0)")
        self._legend.show_entries(dict(zip(names, self._colours, strict=False)))
        for key, plot in self._plots.items():
            plot.draw(result.of(self.operator), result.exact, _READ[key])

    def show_epsilon(self, epsilon: float) -> None:
        """Mark the budget that is chosen and say what to expect there."""
        self._epsilon = epsilon
        for plot in self._plots.values():
            plot.mark(epsilon)
        if self._result is None:
            return
        points = self._result.of(self.operator)
        nearest = min(points, key=lambda point: abs(math.log(point.epsilon / epsilon)))
        self._sentence.setText(sentence(nearest, self._result.exact))

    def show_operator(self, operator: str) -> None:
        """A plan belongs to one operator; hide it while another one is chosen."""
        self.setVisible(bool(operator) and operator == self.operator)

    def clear(self) -> None:
        """Forget the plan, because data or model have changed."""
        self.operator, self._result = "", None
        self.hide()


def sentence(point: PlanPoint, exact: Expected) -> str:
    """What to expect at a budget, for a clinician.

    Parameters
    ----------
    point : PlanPoint
        The budget.
    exact : Expected
        Of the exact refit.

    Returns
    -------
    str
    """
    if point.certified.dice is None or exact.dice is None:
        return "No measured case has a lesion, so no overlap can be predicted."
    loss = exact.dice - point.certified.dice
    cost = (
        "nothing that can be measured" if loss < max(0.005, 2 * point.certified.dice_spread) else f"{loss:.3f} of Dice"
    )
    kept = ""
    if point.survival is not None:
        share = f"{100 * point.survival:.2g} %"
        kept = f" At most {share} of the present model outlives the noise; the rest is learned again."
    return (
        f"At <b>ε = {point.epsilon:g}</b> the guarantee costs <b>{cost}</b>: Dice {point.certified.dice:.3f}, against "
        f"{exact.dice:.3f} by exact refit.{kept}"
    )


def limits(values: Sequence[float], key: str) -> tuple[float, float]:
    """Ends of a vertical axis.

    Parameters
    ----------
    values : sequence of float
        What is drawn.
    key : str
        ``dice`` or ``leakage``.

    Returns
    -------
    tuple of float
        Lower and upper end, wide enough that chance does not look like a trend; leakage shows its zero.
    """
    low, high = min(values), max(values)
    if key == "leakage":
        low = min(low, 0.0)
    edge = max(0.1 * (high - low), (_NARROWEST[key] - (high - low)) / 2)
    return (low - 0.1 * edge, high + 2.3 * edge) if key == "leakage" else (low - edge, high + edge)


class _Plot(pyqtgraph.PlotWidget):
    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self._colours = colours.CURVES_DARK
        self.setObjectName(f"plan_{key}")
        self.setToolTip(TEXTS[f"plan_{key}"].tip)
        self.setFixedHeight(105)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMouseEnabled(False, False)
        self.getAxis("left").enableAutoSIPrefix(False)
        self.getAxis("left").setWidth(44)
        self._chosen = pyqtgraph.InfiniteLine(angle=90)
        self._none = pyqtgraph.TextItem("No artefact maps, so leakage cannot be told.", anchor=(0.5, 0.5))

    def set_theme(self, theme: Theme) -> None:
        self._colours = theme.curves
        self.setBackground(theme.surface)
        for side in ("bottom", "left"):
            self.getAxis(side).setPen(theme.muted)
            self.getAxis(side).setTextPen(theme.muted)
        self._chosen.setPen(pyqtgraph.mkPen(theme.muted, width=1, style=Qt.PenStyle.DashLine))
        self._none.setColor(theme.muted)

    def mark(self, epsilon: float) -> None:
        self._chosen.setValue(math.log10(epsilon))

    def draw(self, points: tuple[PlanPoint, ...], exact: Expected, read: Read) -> None:
        self.clear()
        self.addItem(self._chosen, ignoreBounds=True)
        x = [math.log10(point.epsilon) for point in points]
        self.getAxis("bottom").setTicks(
            [[(place, f"{point.epsilon:g}") for place, point in zip(x, points, strict=True)]]
        )
        edge = 0.05 * max(1.0, x[-1] - x[0])
        self.setXRange(x[0] - edge, x[-1] + edge, padding=0)
        seen: list[float] = []
        # The thicker line lies beneath, so that both can be seen where they agree.
        for place, width, made in (
            (PUBLIC, 6, [point.public for point in points]),
            (CERTIFIED, 2, [point.certified for point in points]),
        ):
            colour = self._colours[place]
            known = [(at, *read(one)) for at, one in zip(x, made, strict=True)]
            drawn = [(at, value, spread) for at, value, spread in known if value is not None]
            if not drawn:
                continue
            places, values, spreads = (list(column) for column in zip(*drawn, strict=True))
            seen += [v - s for v, s in zip(values, spreads, strict=True)]
            seen += [v + s for v, s in zip(values, spreads, strict=True)]
            if place == CERTIFIED:
                heights = [2 * spread for spread in spreads]
                self.addItem(pyqtgraph.ErrorBarItem(
                    x=_array(places), y=_array(values), height=_array(heights), beam=0.03, pen=colour
                ))  # fmt: skip
            symbol = "o" if place == CERTIFIED else None
            pen = pyqtgraph.mkPen(colour, width=width)
            self.plot(places, values, pen=pen, symbol=symbol, symbolSize=6, symbolBrush=colour, symbolPen=None)
        reference, _ = read(exact)
        if reference is not None:
            pen = pyqtgraph.mkPen(self._colours[EXACT], width=2, style=Qt.PenStyle.DashLine)
            self.addItem(pyqtgraph.InfiniteLine(reference, angle=0, pen=pen))
            seen.append(reference)
        if seen:
            self.setYRange(*limits(seen, self._key), padding=0)
        else:
            self._none.setPos((x[0] + x[-1]) / 2, 0.5)
            self.addItem(self._none)
            self.setYRange(0, 1)


def _array(values: list[float]) -> object:
    import numpy as np

    return np.array(values)
