from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.report.curves import Curve
from napari_unlearn.report.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Line, dot_plot, line_plot, ticks

finite = st.floats(-1e99, 1e99)


def coordinates(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())]


def test_a_curve_goes_from_corner_to_corner() -> None:
    plot = line_plot(Curve("loss", ((0, 1.0), (1, 0.5), (2, 0.0))))
    (line,) = plot.lines
    (x0, y0), (x1, y1), (x2, y2) = coordinates(line)
    assert (x0, x1, x2) == (LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT)
    assert TOP < y0 < y1 < y2 < HEIGHT - BOTTOM
    assert y1 == pytest.approx((y0 + y2) / 2)
    assert not plot.logarithmic


def test_a_curve_over_many_powers_of_ten_is_logarithmic() -> None:
    plot = line_plot(Curve("residual", tuple((step, 10.0**-step) for step in range(9))))
    assert plot.logarithmic
    heights = [y for _, y in coordinates(plot.lines[0])]
    assert max(abs(b - a - (heights[1] - heights[0])) for a, b in itertools.pairwise(heights)) < 0.3
    assert not line_plot(Curve("x", ((0, -1.0), (1, 1e9)))).logarithmic


def test_a_gap_breaks_the_line_and_a_lone_point_is_a_dot() -> None:
    plot = line_plot(Curve("loss", ((0, 1.0), (1, 2.0), (2, None), (3, 1.5), (4, None))))
    assert [len(coordinates(line)) for line in plot.lines] == [2]
    assert len(plot.dots) == 1


def test_a_plot_is_told_in_words() -> None:
    summary = line_plot(Curve("retain_dice", ((0, 0.25), (40, 0.75)))).summary
    assert summary == "retain dice: 0.25 at step 0, 0.75 at the end, step 40; lowest 0.25, highest 0.75."


@given(st.lists(st.tuples(st.integers(0, 10**6), st.none() | finite), min_size=1))
def test_every_curve_stays_on_its_drawing(points: list[tuple[float, float | None]]) -> None:
    points = [*points, (points[-1][0], 0.0)]
    plot = line_plot(Curve("x", tuple(points)))
    for x, y in [pair for line in plot.lines for pair in coordinates(line)] + list(plot.dots):
        assert LEFT - 0.1 <= x <= WIDTH - RIGHT + 0.1
        assert TOP - 0.1 <= y <= HEIGHT - BOTTOM + 0.1
    assert all(TOP - 0.1 <= tick.place <= HEIGHT - BOTTOM + 0.1 for tick in plot.up)


@given(finite, st.floats(1e-3, 1e90))
def test_ticks_are_few_and_within(low: float, width: float) -> None:
    high = low + width
    if high - low > 1e-9 * abs(low):
        marks = ticks(low, high)
        assert 1 <= len(marks) <= 8
        assert all(low - 1e-6 * width <= mark <= high + 1e-6 * width for mark in marks)


def test_numbers_and_intervals_stand_on_one_axis() -> None:
    plot = dot_plot(
        "Dice", "unit", [Line("a", (0.25, 0.0, 0.5), (1.0, None, None)), Line("b", None, (0.5, 0.25, 0.75))], (0, 1)
    )
    before, after, other = plot.dots
    width = after.x - plot.across[0].place
    assert before.x == pytest.approx(plot.across[0].place + width / 4, abs=0.11)
    assert (before.kind, after.kind, other.kind) == ("before", "after", "after")
    assert before.low == plot.across[0].place
    assert (after.low, after.high) == (None, None)
    assert other.high - other.low == pytest.approx(width / 2, abs=0.11)
    assert plot.summary == "Dice. a: 0.25 (0 to 0.5) before, 1 after; b: not measured before, 0.5 (0.25 to 0.75) after."
    assert math.isclose(plot.height, 2 * 46 + 42)


def test_an_axis_without_given_limits_holds_zero() -> None:
    plot = dot_plot("Leakage", "nats", [Line("a", None, (0.02, 0.01, 0.03))])
    assert "0" in {tick.text for tick in plot.across}
