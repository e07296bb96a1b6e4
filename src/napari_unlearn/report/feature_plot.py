"""Maps of the feature space: one panel a model, side by side on the same axes, one row a way of colouring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_unlearn.evaluation.feature_space import FeatureSpace

SIZE, MARGIN = 220, 10
"""Of a panel, in units of the drawing."""

MARKS = (
    ("#0072b2", "circle"),
    ("#d55e00", "square"),
    ("#009e73", "triangle"),
    ("#cc79a7", "diamond"),
    ("#e69f00", "cross"),
    ("#56b4e9", "circle"),
    ("#7f7f7f", "square"),
    ("#999933", "triangle"),
)
"""Colour and shape of each group: both differ, so that neither colour-blind eyes nor a grey print lose anything."""

MUTED = ("held out", "none", "not mapped")
"""Groups that are background to the others: drawn first and pale."""


@dataclass(frozen=True)
class Group:
    """One entry of a legend.

    Attributes
    ----------
    name : str
        What its cases have in common, with how many there are.
    colour, shape : str
        How they look.
    muted : bool
        Whether they are background to the others.
    """

    name: str
    colour: str
    shape: str
    muted: bool


@dataclass(frozen=True)
class Mark:
    """One case of a panel.

    Attributes
    ----------
    x, y : float
        Where.
    group : Group
        How it looks.
    title : str
        The case, for whoever rests the mouse on it.
    path : str
        Outline of its shape, as SVG writes it.
    """

    x: float
    y: float
    group: Group
    title: str
    path: str


@dataclass(frozen=True)
class SpacePlot:
    """One way of colouring.

    Attributes
    ----------
    title : str
        What colours mean.
    groups : tuple of Group
        The legend.
    panels : tuple of (str, tuple of Mark)
        Model and its cases.
    summary : str
        For those who do not see it.
    """

    title: str
    groups: tuple[Group, ...]
    panels: tuple[tuple[str, tuple[Mark, ...]], ...]
    summary: str


def space_plots(space: FeatureSpace) -> tuple[SpacePlot, ...]:
    """Lay a feature space out, coloured by diagnosis, by artefact and by what was forgotten.

    Parameters
    ----------
    space : FeatureSpace
        The cases.

    Returns
    -------
    tuple of SpacePlot
    """
    known = space.points[~np.isnan(space.points).any(axis=2)]
    low, high = (known.min(axis=0), known.max(axis=0)) if len(known) else (np.zeros(2), np.ones(2))
    # One scale for both axes and all panels: a distance is the same everywhere.
    middle, reach = (low + high) / 2, max(float((high - low).max()), 1e-12)
    places = SIZE / 2 + (space.points - middle) * [1, -1] * (SIZE - 2 * MARGIN) / reach
    colourings = (("Diagnosis", space.diagnosis), ("Artefact", space.artefact), ("Forget set", space.forget))
    return tuple(_plot(title, values, space, np.round(places, 1)) for title, values in colourings)


def _plot(title: str, values: tuple[str, ...], space: FeatureSpace, places: np.ndarray) -> SpacePlot:
    names = sorted(set(values), key=lambda name: (name in MUTED, name))
    groups = {
        name: Group(f"{name} ({values.count(name)})", *MARKS[place % len(MARKS)], name in MUTED)
        for place, name in enumerate(names)
    }
    panels = []
    for model, points in zip(space.models, places, strict=True):
        marks = [
            Mark(float(x), float(y), groups[value], f"{case}: {value}", _path(groups[value].shape, float(x), float(y)))
            for (x, y), case, value in zip(points, space.cases, values, strict=True)
            if not np.isnan(x)
        ]
        panels.append((model, tuple(sorted(marks, key=lambda mark: not mark.group.muted))))
    return SpacePlot(
        title,
        tuple(groups.values()),
        tuple(panels),
        f"{len(space.cases)} cases on the same two axes for {', '.join(space.models)}, coloured by {title.lower()}: "
        f"{', '.join(group.name for group in groups.values())}.",
    )


def _path(shape: str, x: float, y: float, radius: float = 3.6) -> str:
    r = radius
    if shape == "circle":
        return f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r:.1f} 0a{r} {r} 0 1 0 {-2 * r:.1f} 0z"
    outlines: dict[str, list[tuple[float, float]]] = {
        "square": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
        "triangle": [(0, -1.1), (1, 0.8), (-1, 0.8)],
        "diamond": [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)],
        "cross": [
            (-0.4, -1.1), (0.4, -1.1), (0.4, -0.4), (1.1, -0.4), (1.1, 0.4), (0.4, 0.4),
            (0.4, 1.1), (-0.4, 1.1), (-0.4, 0.4), (-1.1, 0.4), (-1.1, -0.4), (-0.4, -0.4),
        ],
    }  # fmt: skip
    return "M" + "L".join(f"{x + r * a:.1f} {y + r * b:.1f}" for a, b in outlines[shape]) + "z"


def legend_path(shape: str) -> str:
    """Outline of a shape in the middle of a key of 12 by 12.

    Parameters
    ----------
    shape : str
        One of those of `MARKS`.

    Returns
    -------
    str
        As SVG writes it.
    """
    return _path(shape, 6, 6, 4.2)
