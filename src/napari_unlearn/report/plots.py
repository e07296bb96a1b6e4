"""Where lines and dots of a plot go; the template turns them into SVG, and escapes what is written on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from napari_unlearn.report.curves import Curve
from napari_unlearn.report.guarantee import number

WIDTH, HEIGHT = 360, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 40


@dataclass(frozen=True)
class Tick:
    """One mark of an axis.

    Attributes
    ----------
    place : float
        In units of the drawing.
    text : str
        What is written there.
    """

    place: float
    text: str


@dataclass(frozen=True)
class LinePlot:
    """A curve on a drawing of `WIDTH` by `HEIGHT`.

    Attributes
    ----------
    title : str
        Of the plot.
    summary : str
        The plot in words, for those who do not see it.
    lines : tuple of str
        Points of each unbroken piece, as SVG writes them.
    dots : tuple of (float, float)
        Pieces of a single point.
    across, up : tuple of Tick
        Marks of both axes.
    logarithmic : bool
        Whether the vertical axis is.
    """

    title: str
    summary: str
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    logarithmic: bool


def line_plot(curve: Curve) -> LinePlot:
    """Lay a curve out.

    Parameters
    ----------
    curve : Curve
        At least one value is finite.

    Returns
    -------
    LinePlot
        Logarithmic where all values are positive and the largest is more than a thousand times the smallest.
    """
    values = [value for _, value in curve.points if value is not None]
    steps = [step for step, _ in curve.points]
    logarithmic = min(values) > 0 and max(values) > 1000 * min(values)
    scaled = [math.log10(value) for value in values] if logarithmic else values
    low, high = axis_limits(min(scaled), max(scaled))
    first, last = min(steps), max(steps)

    def x(step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((step - first) / (last - first) if last > first else 0.5)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    pieces: list[list[tuple[float, float]]] = [[]]
    for step, value in curve.points:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((round(x(step), 1), round(y(math.log10(value) if logarithmic else value), 1)))
    title = curve.name.replace("_", " ")
    return LinePlot(
        title,
        f"{title}: {number(values[0])} at step {steps[0]:g}, {number(values[-1])} at the end, step {last:g}; lowest "
        f"{number(min(values))}, highest {number(max(values))}.",
        tuple(" ".join(f"{a},{b}" for a, b in piece) for piece in pieces if len(piece) > 1),
        tuple(piece[0] for piece in pieces if len(piece) == 1),
        tuple(Tick(x(step), f"{step:g}") for step in sorted({first, round((first + last) / 2), last})),
        tuple(Tick(y(place), number(10**place) if logarithmic else number(place)) for place in ticks(low, high)),
        logarithmic,
    )


@dataclass(frozen=True)
class Dot:
    """One number of a dot plot.

    Attributes
    ----------
    kind : str
        ``before`` or ``after``.
    x, y : float
        Where.
    low, high : float or None
        Ends of its interval, in units of the drawing.
    """

    kind: str
    x: float
    y: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class DotPlot:
    """Numbers before and after, one line a measure.

    Attributes
    ----------
    title, unit, summary : str
        What is shown, in which unit, and the plot in words.
    height : float
        Of the drawing; it is `WIDTH` wide.
    labels : tuple of Tick
        Names of the lines and where they stand.
    dots : tuple of Dot
        All numbers.
    across : tuple of Tick
        Marks of the axis.
    """

    title: str
    unit: str
    summary: str
    height: float
    labels: tuple[Tick, ...]
    dots: tuple[Dot, ...]
    across: tuple[Tick, ...]


@dataclass(frozen=True)
class Line:
    """One line of a dot plot.

    Attributes
    ----------
    label : str
        Its name.
    before, after : tuple of (float, float or None, float or None), or None
        Value, lower and upper end of the interval.
    """

    label: str
    before: tuple[float, float | None, float | None] | None
    after: tuple[float, float | None, float | None] | None


def dot_plot(title: str, unit: str, lines: Sequence[Line], limits: tuple[float, float] | None = None) -> DotPlot:
    """Lay numbers out.

    Parameters
    ----------
    title, unit : str
        Of the plot.
    lines : sequence of Line
        At least one number among them.
    limits : tuple of float or None
        Of the axis; None for those of the numbers, with zero among them.

    Returns
    -------
    DotPlot
    """
    known = [entry for line in lines for entry in (line.before, line.after) if entry is not None]
    low, high = limits or axis_limits(*_ends([0.0, *(part for entry in known for part in entry if part is not None)]))
    margin, row = 8, 46

    def x(value: float) -> float:
        return round(margin + (WIDTH - 2 * margin) * (value - low) / (high - low), 1)

    labels, dots = [], []
    for place, line in enumerate(lines):
        top = place * row
        labels.append(Tick(top + 14, line.label))
        for kind, entry, y in (("before", line.before, top + 23), ("after", line.after, top + 34)):
            if entry is not None:
                value, *ends = entry
                dots.append(Dot(kind, x(value), y, *(None if end is None else x(end) for end in ends)))
    words = "; ".join(
        f"{line.label}: {_words(line.before)} before, {_words(line.after)} after" for line in lines if line.after
    )
    marks = tuple(Tick(x(place), number(place)) for place in ticks(low, high))
    return DotPlot(title, unit, f"{title}. {words}.", len(lines) * row + 42, tuple(labels), tuple(dots), marks)


def ticks(low: float, high: float) -> list[float]:
    """Choose round numbers for an axis.

    Parameters
    ----------
    low, high : float
        Ends, `low` below `high`.

    Returns
    -------
    list of float
        Two to seven, all between the ends.

    Examples
    --------
    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (high - low) / 6
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


def axis_limits(low: float, high: float) -> tuple[float, float]:
    """Ends of an axis a little beyond the numbers.

    Parameters
    ----------
    low, high : float
        The smallest and the largest of them.

    Returns
    -------
    tuple of float
        The first is below the second.
    """
    margin = 0.06 * (high - low)
    # Numbers that are all alike still need an axis of some length that floats can resolve.
    least = 1e-6 * max(abs(low), abs(high)) or 0.5
    return low - max(margin, least), high + max(margin, least)


def _ends(values: Iterable[float]) -> tuple[float, float]:
    kept = list(values)
    return min(kept), max(kept)


def _words(entry: tuple[float, float | None, float | None] | None) -> str:
    if entry is None:
        return "not measured"
    value, low, high = entry
    return number(value) if low is None or high is None else f"{number(value)} ({number(low)} to {number(high)})"
