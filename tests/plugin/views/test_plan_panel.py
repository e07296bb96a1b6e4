from __future__ import annotations

from pathlib import Path
from typing import Any

import pyqtgraph
import pytest

from napari_unlearn.jobs.predicted import Expected, PlanPoint, PlanResult
from napari_unlearn.plugin.style import theme
from napari_unlearn.plugin.views.plan_panel import CERTIFIED, PUBLIC, PlanPanel, limits, sentence

EXACT = Expected(0.9, 0.0, 0.01, 0.0)


def point(epsilon: float, dice: float | None, leakage: float | None = 0.02, survival: float | None = 0.25) -> PlanPoint:
    public = Expected(0.6, 0.0, None if leakage is None else 0.03, 0.0)
    return PlanPoint("gradient-clipping", epsilon, True, {}, survival, 1.0, Expected(dice, 0.01, leakage, 0.0), public)


def result(*points: PlanPoint, exact: Expected = EXACT, held_out: bool = True) -> PlanResult:
    return PlanResult(Path("data"), Path("model"), 1e-5, 0, {}, 3, {"test_aligned": 20}, held_out, exact, points)


@pytest.fixture
def panel(qtbot: Any) -> PlanPanel:
    made = PlanPanel()
    qtbot.addWidget(made)
    made.set_theme(theme("dark"))
    return made


def curves(panel: PlanPanel, key: str) -> dict[int, tuple[list[float], list[float]]]:
    plot = panel.findChild(pyqtgraph.PlotWidget, f"plan_{key}")
    places = {colour: place for place, colour in enumerate(theme("dark").curves)}
    return {
        places[item.opts["pen"].color().name()]: tuple(list(part) for part in item.getData())
        for item in plot.listDataItems()
    }


def test_both_curves_and_the_exact_line_are_drawn_against_the_logarithm(panel: PlanPanel) -> None:
    assert panel.isHidden()
    panel.show_result(result(point(0.1, 0.7), point(1.0, 0.8), point(10.0, 0.9)), "gradient-clipping")
    assert not panel.isHidden()
    drawn = curves(panel, "dice")
    assert drawn[CERTIFIED] == ([-1.0, 0.0, 1.0], [0.7, 0.8, 0.9])
    assert drawn[PUBLIC] == ([-1.0, 0.0, 1.0], [0.6, 0.6, 0.6])
    assert curves(panel, "leakage")[CERTIFIED][1] == [0.02, 0.02, 0.02]
    plot = panel.findChild(pyqtgraph.PlotWidget, "plan_dice")
    lines = [item for item in plot.items() if isinstance(item, pyqtgraph.InfiniteLine)]
    assert {(line.angle, line.value()) for line in lines} == {(90, 0.0), (0, 0.9)}


def test_curves_and_legend_wear_the_theme_that_napari_changes_to(panel: PlanPanel) -> None:
    panel.show_result(result(point(0.1, 0.7), point(1.0, 0.8)), "gradient-clipping")
    dark = curves(panel, "dice")
    panel.set_theme(theme("light"))
    plot = panel.findChild(pyqtgraph.PlotWidget, "plan_dice")
    worn = theme("light").curves
    assert [item.opts["pen"].color().name() for item in plot.listDataItems()] == [worn[PUBLIC], worn[CERTIFIED]]
    assert tuple(panel._legend.entries.values()) == worn[:3]
    panel.set_theme(theme("dark"))
    assert curves(panel, "dice") == dark


def test_the_sentence_and_the_mark_follow_the_chosen_budget(panel: PlanPanel) -> None:
    panel.show_result(result(point(0.1, 0.7), point(10.0, 0.9)), "gradient-clipping")
    panel.show_epsilon(0.2)
    assert "ε = 0.1" in panel._sentence.text()
    panel.show_epsilon(5.0)
    assert "ε = 10" in panel._sentence.text()
    plot = panel.findChild(pyqtgraph.PlotWidget, "plan_dice")
    marks = [i.value() for i in plot.items() if isinstance(i, pyqtgraph.InfiniteLine) and i.angle == 90]
    assert marks == [pytest.approx(0.69897)]


def test_a_plan_belongs_to_its_operator_and_goes_with_the_data(panel: PlanPanel) -> None:
    panel.show_result(result(point(1.0, 0.8)), "gradient-clipping")
    panel.show_operator("exact-refit")
    assert panel.isHidden()
    panel.show_operator("gradient-clipping")
    assert not panel.isHidden()
    panel.clear()
    panel.show_operator("gradient-clipping")
    assert panel.isHidden()


def test_without_artefact_maps_it_says_so(panel: PlanPanel) -> None:
    exact = Expected(0.9, 0.0, None, 0.0)
    panel.show_result(result(point(1.0, 0.8, None), exact=exact), "gradient-clipping")
    plot = panel.findChild(pyqtgraph.PlotWidget, "plan_leakage")
    (text,) = (item for item in plot.items() if isinstance(item, pyqtgraph.TextItem))
    assert "No artefact maps" in text.toPlainText()


def test_measuring_on_cases_that_teach_is_said(panel: PlanPanel) -> None:
    panel.show_result(result(point(1.0, 0.8), held_out=False), "gradient-clipping")
    assert "expect less on new ones" in panel._origin.text()
    assert "20 of test aligned" in panel._origin.text()


def test_what_a_budget_costs_in_words() -> None:
    assert "costs <b>0.100 of Dice</b>" in sentence(point(1.0, 0.8), EXACT)
    assert "At most 25 % of the present model outlives the noise" in sentence(point(1.0, 0.8), EXACT)
    assert "nothing that can be measured" in sentence(point(1.0, 0.895), EXACT)
    assert "outlives" not in sentence(point(1.0, 0.8, survival=None), EXACT)
    assert "No measured case has a lesion" in sentence(point(1.0, None), EXACT)


def test_axes_do_not_make_a_trend_of_chance() -> None:
    low, high = limits([0.9, 0.901], "dice")
    assert high - low >= 0.0999
    low, high = limits([0.001, 0.002], "leakage")
    assert low <= 0
    assert high >= 0.02
