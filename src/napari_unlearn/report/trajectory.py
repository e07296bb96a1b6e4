"""Dice and leakage on the way of a run: where band, line and levels of their plots go."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from napari_unlearn.jobs.trajectory import BY_CHANCE, DICE, LEAKAGE
from napari_unlearn.report.curves import Curve, Level
from napari_unlearn.report.guarantee import number
from napari_unlearn.report.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Tick, axis_limits, ticks

_TITLES = {
    DICE: ("Dice", "overlap with the fine outline, 1 is perfect"),
    LEAKAGE: ("Leakage", "nats per predicted pixel, 0 is none"),
}
_MEANINGS = {
    "original": "the model in use before",
    "retrained": "the same recipe from the public start",
}


@dataclass(frozen=True)
class LevelLine:
    """A level of a plot.

    Attributes
    ----------
    kind : str
        ``original``, ``retrained`` or another label.
    text : str
        Which model it is, with its number and interval.
    y : float
        Height.
    """

    kind: str
    text: str
    y: float


@dataclass(frozen=True)
class TrajectoryPlot:
    """A plot of `WIDTH` by `HEIGHT`.

    Attributes
    ----------
    title, unit, summary : str
        What is shown, in which unit, and the plot in words.
    bands : tuple of str
        Corners of each unbroken piece of the 95 % band, as SVG writes them.
    lines, chance : tuple of str
        Points of each unbroken piece of the curve, and of what chance alone would give.
    dots : tuple of (float, float)
        Every look.
    levels : tuple of LevelLine
        Models to compare with.
    across, up : tuple of Tick
        Marks of both axes.
    """

    title: str
    unit: str
    summary: str
    bands: tuple[str, ...]
    lines: tuple[str, ...]
    chance: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    levels: tuple[LevelLine, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def split_curves(curves: Iterable[Curve]) -> tuple[list[Curve], list[Curve]]:
    """Tell the curves of the trajectory from those of the operator.

    Parameters
    ----------
    curves : iterable of Curve
        Of a log.

    Returns
    -------
    tuple of list of Curve
        Those of the trajectory, and the others.
    """
    found = list(curves)
    own = (DICE, LEAKAGE, BY_CHANCE)
    return [each for each in found if each.name in own], [each for each in found if each.name not in own]


def about(curves: Sequence[Curve]) -> str:
    """Say what a trajectory was measured on; "" where there is none.

    Parameters
    ----------
    curves : sequence of Curve
        Of a trajectory.

    Returns
    -------
    str
    """
    return next((curve.about for curve in curves if curve.about), "")


def trajectory_plots(curves: Sequence[Curve]) -> tuple[TrajectoryPlot, ...]:
    """Lay out Dice and leakage.

    Parameters
    ----------
    curves : sequence of Curve
        Of a trajectory.

    Returns
    -------
    tuple of TrajectoryPlot
        Dice first; of those that there are.
    """
    known = {curve.name: curve for curve in curves}
    return tuple(_plot(known[name], known.get(BY_CHANCE)) for name in (DICE, LEAKAGE) if name in known)


def _plot(curve: Curve, by_chance: Curve | None) -> TrajectoryPlot:
    chance = by_chance.points if by_chance is not None and curve.name == LEAKAGE else ()
    values = [value for _, value in (*curve.points, *chance) if value is not None]
    ends = [end for _, *pair in curve.band for end in pair]
    low, high = axis_limits(*_ends([0.0, *values, *ends, *(level.value for level in curve.levels)]))
    if curve.name == DICE:
        low, high = 0.0, 1.0
    steps = [step for step, _ in (*curve.points, *chance)]
    first, last = min(steps), max(steps)

    def x(step: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((step - first) / (last - first) if last > first else 0.5), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 1)

    def pieces(points: Iterable[tuple[float, float | None]]) -> tuple[str, ...]:
        runs = itertools.groupby(points, lambda point: point[1] is not None)
        found = [[(x(step), y(value)) for step, value in run if value is not None] for known, run in runs if known]
        return tuple(_points(piece) for piece in found if len(piece) > 1)

    def between(ends: dict[float, tuple[float, float, float]]) -> Iterable[str]:
        for known, run in itertools.groupby(curve.points, lambda point: point[0] in ends):
            corners = [ends[step] for step, _ in run] if known else []
            if len(corners) > 1:
                upper, lower = [(x(step), y(end)) for step, _, end in corners], [(x(s), y(e)) for s, e, _ in corners]
                yield _points([*upper, *reversed(lower)])

    title, unit = _TITLES[curve.name]
    told = [(step, value) for step, value in curve.points if value is not None]
    levels = tuple(
        LevelLine(level.label, f"{_MEANINGS.get(level.label, level.label)} {_written(level)}", y(level.value))
        for level in curve.levels
    )
    lowest, highest = (pick(value for _, value in told) for pick in (min, max))
    return TrajectoryPlot(
        title,
        unit,
        f"{title} on the way: {number(told[0][1])} at step {told[0][0]:g}, {number(told[-1][1])} at the end, step "
        f"{told[-1][0]:g}; lowest {number(lowest)}, highest {number(highest)}. "
        + " ".join(f"{level.text[0].upper()}{level.text[1:]}." for level in levels),
        tuple(between({entry[0]: entry for entry in curve.band})),
        pieces(curve.points),
        pieces(chance),
        tuple((x(step), y(value)) for step, value in told),
        levels,
        tuple(Tick(x(step), f"{step:g}") for step in sorted({first, round((first + last) / 2), last})),
        tuple(Tick(y(place), number(place)) for place in ticks(low, high)),
    )


def _written(level: Level) -> str:
    interval = "" if level.low is None or level.high is None else f" ({level.low:.3f} to {level.high:.3f})"
    return f"{level.value:.3f}{interval}".replace("-", "−")


def _points(corners: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{a},{b}" for a, b in corners)


def _ends(values: Iterable[float]) -> tuple[float, float]:
    kept = list(values)
    return min(kept), max(kept)
