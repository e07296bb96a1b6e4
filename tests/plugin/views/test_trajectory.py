from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph
import pytest
from qtpy.QtWidgets import QApplication

from napari_unlearn.jobs.trajectory import BY_CHANCE, DICE, LEAKAGE, ORIGINAL, RETRAINED
from napari_unlearn.plugin.style import theme
from napari_unlearn.plugin.views.trajectory import TrajectoryView


@pytest.fixture
def view(qtbot: Any) -> TrajectoryView:
    made = TrajectoryView()
    qtbot.addWidget(made)
    made.set_theme(theme("dark"))
    return made


def lines(plot: pyqtgraph.PlotWidget) -> list[Any]:
    return [item for item in plot.getPlotItem().items if isinstance(item, pyqtgraph.InfiniteLine)]


def test_line_band_and_levels_are_drawn(view: TrajectoryView) -> None:
    view.add_level(DICE, ORIGINAL, 0.6, "On these cases.")
    view.add_level(DICE, RETRAINED, 0.7, "On these cases.")
    for step, value in enumerate((0.6, 0.1, 0.65)):
        view.add(DICE, step, value, value - 0.05, value + 0.05)
    view._draw()
    plot = view._plots[DICE]
    assert [line.value() for line in lines(plot)] == [0.6, 0.7]
    (run,) = [item for item in plot.listDataItems() if isinstance(item, pyqtgraph.PlotDataItem)]
    assert list(run.getData()[1]) == [0.6, 0.1, 0.65]
    assert [item for item in plot.getPlotItem().items if isinstance(item, pyqtgraph.FillBetweenItem)]
    assert view._about.text() == "On these cases."
    assert "Model before" in view._legend.entries
    assert "By chance" not in view._legend.entries


def test_leakage_is_held_against_chance_and_has_a_gap_where_there_is_none(view: TrajectoryView) -> None:
    view.add_level(LEAKAGE, ORIGINAL, 0.9, "")
    for step, value in enumerate((0.02, math.nan, 0.01, 0.015)):
        view.add(LEAKAGE, step, value, None, None)
    view.add(BY_CHANCE, 0, 0.001, None, None)
    view.add(BY_CHANCE, 2, 0.002, None, None)
    view._draw()
    plot = view._plots[LEAKAGE]
    drawn = [item.getData() for item in plot.listDataItems() if isinstance(item, pyqtgraph.PlotDataItem)]
    assert any(np.allclose(y, (0.02, np.nan, 0.01, 0.015), equal_nan=True) for _, y in drawn)
    assert any(np.allclose(y, (0.001, 0.002)) for _, y in drawn if len(y) == 2)
    bands = [item for item in plot.getPlotItem().items if isinstance(item, pyqtgraph.FillBetweenItem)]
    assert [list(band.curves[0].getData()[0]) for band in bands] == [[2, 3]]  # not over the gap
    plot.getPlotItem().vb.updateAutoRange()
    assert plot.viewRange()[1][1] >= 0.9  # a line without end makes no room for itself
    assert "By chance" in view._legend.entries


def test_a_run_without_any_leakage_yet_draws_no_curve_of_it(view: TrajectoryView) -> None:
    view.show()
    for step in range(3):
        view.add(DICE, step, 0.5, None, None)
        view.add(LEAKAGE, step, math.nan, None, None)
        view._draw()
        QApplication.processEvents()  # where pyqtgraph looks for limits, and warnings are errors
    assert not view._plots[LEAKAGE].listDataItems()
    assert view._plots[DICE].listDataItems()


def test_steps_are_whole_and_leakage_begins_at_nothing_from_the_first_look_on(view: TrajectoryView) -> None:
    view.add(DICE, 1, 0.5, None, None)
    view.add(LEAKAGE, 1, 0.01, None, None)
    view.add_level(LEAKAGE, ORIGINAL, 0.02, "")
    view._draw()
    for plot in view._plots.values():
        (first, last), _ = plot.viewRange()
        assert first < 1
        assert last > 2
        ticks = plot.getAxis("bottom").tickValues(first, last, 300)
        assert all(float(value).is_integer() for _, values in ticks for value in values)
    low, high = view._plots[LEAKAGE].viewRange()[1]
    assert low == pytest.approx(0, abs=0.002)
    assert high > 0.02


def test_curves_wear_the_theme_that_napari_changes_to(view: TrajectoryView) -> None:
    view.add(DICE, 0, 0.5, None, None)
    view.add(DICE, 1, 0.6, None, None)
    for name in ("light", "dark"):
        view.set_theme(theme(name))
        (run,) = [item for item in view._plots[DICE].listDataItems() if isinstance(item, pyqtgraph.PlotDataItem)]
        assert run.opts["pen"].color().name() == theme(name).curves[0] == view._legend.entries["This run"]


def test_it_is_hidden_until_there_is_something_and_forgets_with_the_next_run(view: TrajectoryView) -> None:
    assert view.isHidden()
    view.add(DICE, 0, 0.5, 0.4, 0.6)
    assert not view.isHidden()
    view.clear()
    assert view.isHidden()
    view._draw()
    assert all(not plot.listDataItems() and not lines(plot) for plot in view._plots.values())
