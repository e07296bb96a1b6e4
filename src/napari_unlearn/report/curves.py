"""The curves that a run left in its log."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.files import parse_json

LONGEST = 400
"""Points of a curve; more cannot be told apart on a page."""
# Beyond this the arithmetic of a plot overflows, and nothing is to be seen there but that it diverged.
_LARGEST = 1e100


@dataclass(frozen=True)
class Curve:
    """One curve.

    Attributes
    ----------
    name : str
        As the operator calls it.
    points : tuple of (float, float or None)
        Step and value; None where the value was not finite, or larger than any plot can show.
    """

    name: str
    points: tuple[tuple[float, float | None], ...]


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
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    for line in lines:
        point = _point(line)
        if point is not None:
            curves.setdefault(point[0], []).append(point[1:])
    return tuple(
        Curve(name, _thinned(points))
        for name, points in curves.items()
        if any(value is not None for _, value in points)
    )


def _point(line: str) -> tuple[str, float, float | None] | None:
    try:
        event = parse_json(line)
        if event["event"] != "metric":
            return None
        step, value = float(event["step"]), event["value"]
        number = None if value is None else float(value)
        if not abs(step) < _LARGEST:
            return None
        return str(event["name"]), step, number if number is not None and abs(number) < _LARGEST else None
    except (ValueError, KeyError, TypeError):
        return None


def _thinned(points: list[tuple[float, float | None]]) -> tuple[tuple[float, float | None], ...]:
    every = max(1, math.ceil(len(points) / LONGEST))
    kept = points[::every]
    if kept[-1] != points[-1]:
        kept.append(points[-1])
    return tuple(kept)
