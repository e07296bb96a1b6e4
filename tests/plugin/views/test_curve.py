from __future__ import annotations

from typing import Any

import pyqtgraph

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
