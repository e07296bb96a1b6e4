"""The curves that a run left in its log."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from napari_unlearn.files import parse_json

Point = TypeVar("Point")

LONGEST = 400
"""Points of a curve; more cannot be told apart on a page."""
# Beyond this the arithmetic of a plot overflows, and nothing is to be seen there but that it diverged.
_LARGEST = 1e100


@dataclass(frozen=True)
class Level:
    """A model that a curve is held against.

    Attributes
    ----------
    label : str
        Which one.
    value : float
        Height of its line.
    low, high : float or None
        Ends of its interval.
    """

    label: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Curve:
    """One curve.

    Attributes
    ----------
    name : str
        As the operator calls it.
    points : tuple of (float, float or None)
        Step and value; None where the value was not finite, or larger than any plot can show.
    band : tuple of (float, float, float)
        Step, lower and upper end of the interval, where one was computed.
    levels : tuple of Level
        Models to compare with.
    about : str
        What curve and levels were measured on, as one sentence; "" where nobody says.
    """

    name: str
    points: tuple[tuple[float, float | None], ...]
    band: tuple[tuple[float, float, float], ...] = ()
    levels: tuple[Level, ...] = ()
    about: str = ""


def read_curves(path: Path) -> tuple[Curve, ...]:
    """Read the curves of a log.

    Parameters
    ----------
    path : Path
        ``events.jsonl`` of a run.

    Returns
    -------
    tuple of Curve
        In the order in which they begin, none without a finite value; empty if there is no log. Lines that cannot be
        read are left out: whether the file was altered is for `verify_run` to say.
    """
    curves: dict[str, list[tuple[float, float | None]]] = {}
    bands: dict[str, list[tuple[float, float, float]]] = {}
    levels: dict[str, dict[str, Level]] = {}
    about: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    for line in lines:
        try:
            event = parse_json(line)
            name = str(event["name"])
            low, high = _number(event.get("low")), _number(event.get("high"))
            value = _number(event["value"])
            if event["event"] == "metric":
                step = _number(event["step"])
                if step is None:
                    continue
                curves.setdefault(name, []).append((step, value))
                if low is not None and high is not None:
                    bands.setdefault(name, []).append((step, low, high))
            elif event["event"] == "reference" and value is not None:
                label = str(event["label"])
                levels.setdefault(name, {})[label] = Level(label, value, low, high)
                about[name] = str(event["about"])
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return tuple(
        Curve(
            name,
            _thinned(points),
            _thinned(bands.get(name, [])),
            tuple(levels.get(name, {}).values()),
            about.get(name, ""),
        )
        for name, points in curves.items()
        if any(value is not None for _, value in points)
    )


def _number(value: object) -> float | None:
    number = float(value) if isinstance(value, int | float | str) else None
    return number if number is not None and abs(number) < _LARGEST else None


def _thinned(points: list[Point]) -> tuple[Point, ...]:
    if not points:
        return ()
    every = max(1, math.ceil(len(points) / LONGEST))
    kept = points[::every]
    if kept[-1] != points[-1]:
        kept.append(points[-1])
    return tuple(kept)
