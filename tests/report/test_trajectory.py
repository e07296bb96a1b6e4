"""Dice and leakage on the way of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from napari_unlearn.jobs.trajectory import BY_CHANCE, DICE, LEAKAGE
from napari_unlearn.report.content import Content
from napari_unlearn.report.curves import Curve, Level
from napari_unlearn.report.page import render
from napari_unlearn.report.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from napari_unlearn.report.trajectory import about, split_curves, trajectory_plots

ABOUT = "Measured on 256 pixels of each of 20 cases."
DICE_CURVE = Curve(
    DICE,
    ((1, 0.5), (2, 0.0), (3, 1.0)),
    ((1, 0.4, 0.6), (2, 0.0, 0.25), (3, 0.9, 1.0)),
    (Level("original", 0.6, 0.5, 0.7), Level("retrained", 0.75, None, None)),
    ABOUT,
)
LEAKAGE_CURVE = Curve(
    LEAKAGE,
    ((1, 0.02), (2, None), (3, 0.01), (4, 0.03)),
    ((1, -0.01, 0.05), (3, 0.0, 0.02), (4, 0.01, 0.05)),
    (Level("original", 0.04, 0.03, 0.05),),
    ABOUT,
)
CHANCE = Curve(BY_CHANCE, ((1, 0.001), (3, 0.002), (4, 0.001)))


def corners(points: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in points.split())]


def test_the_band_runs_along_its_upper_ends_and_back_along_its_lower_ones() -> None:
    (plot,) = trajectory_plots([DICE_CURVE])
    left, middle, right = LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT

    def y(value: float) -> float:
        return pytest.approx(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value, abs=0.06)

    (band,) = plot.bands
    assert corners(band) == [
        (left, y(0.6)), (middle, y(0.25)), (right, y(1.0)), (right, y(0.9)), (middle, y(0.0)), (left, y(0.4))
    ]  # fmt: skip
    assert corners(plot.lines[0]) == [(left, y(0.5)), (middle, y(0.0)), (right, y(1.0))]
    assert [(level.kind, level.y) for level in plot.levels] == [("original", y(0.6)), ("retrained", y(0.75))]
    assert plot.levels[0].text == "the model in use before 0.600 (0.500 to 0.700)"
    assert plot.levels[1].text == "the same recipe from the public start 0.750"
    assert plot.chance == ()


def test_where_no_lesion_is_found_line_and_band_of_the_leakage_have_a_gap() -> None:
    dice, leakage = trajectory_plots([CHANCE, LEAKAGE_CURVE, DICE_CURVE])
    assert (dice.title, leakage.title) == ("Dice", "Leakage")
    assert [len(corners(line)) for line in leakage.lines] == [2]
    assert [len(corners(band)) for band in leakage.bands] == [4]
    assert len(leakage.dots) == 3
    assert len(corners(leakage.chance[0])) == 3
    heights = [y for _, y in corners(leakage.bands[0])]
    assert min(heights) >= TOP
    assert max(heights) <= HEIGHT - BOTTOM


def test_the_plot_is_told_in_words() -> None:
    (plot,) = trajectory_plots([DICE_CURVE])
    assert plot.summary == (
        "Dice on the way: 0.5 at step 1, 1 at the end, step 3; lowest 0, highest 1. The model in use before 0.600 "
        "(0.500 to 0.700). The same recipe from the public start 0.750."
    )


def test_curves_of_the_operator_are_kept_apart() -> None:
    loss = Curve("loss", ((0, 1.0),))
    own, others = split_curves([DICE_CURVE, loss, CHANCE])
    assert (own, others) == ([DICE_CURVE, CHANCE], [loss])
    assert (about(own), about(others)) == (ABOUT, "")
    assert trajectory_plots(others) == ()


@pytest.mark.parametrize(("tier", "said"), [("exact", "itself the retrained model"), ("certified", "harms it first")])
def test_the_page_shows_the_way_and_says_what_it_is_worth(
    tier: str, said: str, measured: Content, altered: Callable[..., Any], parse: Callable[[str], Any]
) -> None:
    changed = {"tier": tier, "epsilon": 1.0, "delta": 1e-5} if tier == "certified" else {}
    facts = dataclasses.replace(altered(**changed), curves=(DICE_CURVE, LEAKAGE_CURVE, CHANCE))
    page = parse(render(dataclasses.replace(measured, facts=facts), str))
    assert ABOUT in page.text
    assert said in page.text
    assert "What the operator reported" not in page.text
    assert [tag["class"] for tag in page.all("polygon")] == ["band", "band"]
    assert {tag["class"] for tag in page.all("line") if "level" in (tag["class"] or "")} == {
        "level original", "level retrained"
    }  # fmt: skip


def test_a_label_from_a_file_is_text_and_nothing_else(measured: Content) -> None:
    bad = Level('x" onload="alert(1)', 0.5, None, None)
    facts = dataclasses.replace(measured.facts, curves=(dataclasses.replace(DICE_CURVE, levels=(bad,)),))
    html = render(dataclasses.replace(measured, facts=facts), str)
    assert 'onload="alert' not in html


def test_below_zero_is_written_with_a_minus() -> None:
    below = dataclasses.replace(LEAKAGE_CURVE, levels=(Level("original", -0.001, -0.02, 0.01),))
    (plot,) = trajectory_plots([below])
    assert plot.levels[0].text == "the model in use before −0.001 (−0.020 to 0.010)"
