from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph
import pytest

from napari_unlearn.plugin.style import theme
from napari_unlearn.plugin.views.curve import Curve


def test_each_metric_is_a_line_that_grows(qtbot: Any) -> None:
    curve = Curve()
    qtbot.addWidget(curve)
    curve.set_theme(theme("light"))
    for step, value in enumerate((3.0, 2.0, 1.0)):
        curve.add("loss", step, value)
    curve.add("residual", 0, 0.5)
    plot = curve.findChild(pyqtgraph.PlotWidget)
    qtbot.waitUntil(
        lambda: all(line.getData()[0] is not None and len(line.getData()[0]) for line in plot.listDataItems())
    )
    lines = {line.name(): line for line in plot.listDataItems()}
    assert list(lines["loss"].getData()[1]) == [3.0, 2.0, 1.0]
    assert "residual" in lines
    curve.clear()
    assert plot.listDataItems() == []


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [((4.0, 1e-3, 1e-9), True), ((4.0, 2.0, 1.0), False), ((4.0, 1e-9, 0.0), True), ((4.0, 1e-9, -1.0), False)],
)
def test_what_falls_to_nothing_is_drawn_on_a_logarithmic_axis(
    values: tuple[float, ...], logarithmic: bool, qtbot: Any
) -> None:
    curve = Curve()
    qtbot.addWidget(curve)
    for step, value in enumerate(values):
        curve.add("residual", step, value)
    curve._draw()
    plot = curve.findChild(pyqtgraph.PlotWidget)
    assert plot.getAxis("left").logMode is logarithmic
    (line,) = plot.listDataItems()
    seen = [value if value > 0 or not logarithmic else math.nan for value in values]
    assert np.allclose(line.getData()[1], np.log10(seen) if logarithmic else seen, equal_nan=True)
    curve.clear()
    curve.add("loss", 0, 1.0)
    curve._draw()
    assert plot.getAxis("left").logMode is False


def test_the_first_point_is_seen_before_there_is_a_line(qtbot: Any) -> None:
    curve = Curve()
    qtbot.addWidget(curve)
    for step, symbol in enumerate(("o", None)):
        curve.add("loss", step, 1.0)
        curve._draw()
        (line,) = curve.findChild(pyqtgraph.PlotWidget).listDataItems()
        assert line.opts["symbol"] == symbol
        assert line.opts["symbolBrush"] == line.opts["pen"].color()


def test_lines_wear_the_theme_that_napari_changes_to(qtbot: Any) -> None:
    curve = Curve()
    qtbot.addWidget(curve)
    curve.add("loss", 0, 1.0)
    curve.add("residual", 0, 1.0)
    for name in ("light", "dark"):
        curve.set_theme(theme(name))
        curve._draw()
        lines = curve.findChild(pyqtgraph.PlotWidget).listDataItems()
        assert tuple(line.opts["pen"].color().name() for line in lines) == theme(name).curves[:2]
        assert (
            tuple(pyqtgraph.mkBrush(line.opts["symbolBrush"]).color().name() for line in lines)
            == theme(name).curves[:2]
        )


def test_the_name_of_the_lower_axis_is_not_cut_off(qtbot: Any) -> None:
    curve = Curve()
    qtbot.addWidget(curve)
    curve.resize(360, 150)
    curve.show()
    plot = curve.findChild(pyqtgraph.PlotWidget)
    qtbot.waitUntil(lambda: plot.getAxis("bottom").label.isVisible())
    assert plot.getAxis("bottom").label.sceneBoundingRect().bottom() <= plot.height()
