"""Colours of masks, badges and curves, in one table.

Skin is pink and lesions are brown, so masks are cyan and violet. What is seen together is told apart by people with any
of the three kinds of colour blindness, too; a test simulates them.
"""

from __future__ import annotations

from collections.abc import Iterable

from napari_unlearn.data.artefacts import ALL_FLAGS

# Classes by id, from 1; further classes start again.
CLASSES = ("#19d3e6", "#6b3fff", "#ccffcc", "#000066", "#993333")
COARSE = "#ffe45c"
ARTEFACT = "#ff4fa3"
PROPOSAL = "#e8590c"
# Of the artefact map: the kind that is brushed, and every other one.
MARKED, MARKED_OTHER = "#00ffc8", "#8a8f98"
# Only before, only after, another class: told apart by colour-blind eyes too (Okabe and Ito).
DIFFERENCE: dict[int | None, str] = {1: "#e69f00", 2: "#56b4e9", 3: "#cc79a7"}
LINE = "#ffffff"
SKIN = "#b58a7d"  # what an outline of the legend goes around
# From nothing over purple and red to yellow: pixels that leak nothing let the image through.
LEAKAGE = (
    (0.34, 0.06, 0.43, 0.0),
    (0.34, 0.06, 0.43, 0.55),
    (0.73, 0.21, 0.33, 0.75),
    (0.98, 0.55, 0.04, 0.9),
    (0.99, 0.99, 0.64, 1.0),
)

# Under white letters.
BADGE = {"exact": "#18794f", "certified head": "#2f6fd0", "certified ball": "#7a5bd0", "empirical": "#6b6b73"}
# On the surfaces of both themes, as the arrows for better and worse.
STATUS = {"unrefined": "#858a93", "in progress": "#c87800", "refined": "#1b9563", "excluded": "#bf6b58"}
BETTER, WORSE = "#1b9563", "#e5604d"
MARK_EDGE = "#f2f4f7"
# Thin lines need more contrast than one row of colours has on both surfaces.
CURVES_DARK = ("#4f9df5", "#f0a020", "#a86ab0", "#fb1850", "#e4e4e2")
CURVES_LIGHT = ("#1f4e86", "#b85000", "#8a1fc4", "#6a0a18", "#838280")
# Groups of cases on a map (Okabe and Ito); what they have in common is told by shapes and words as well.
POINTS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#0072b2", "#d55e00", "#999999")
# Rims of points, and words beside them, on a canvas that is black in the dark and white in the light theme.
RIM, RIM_FORGOTTEN = "#767b84", ARTEFACT


def class_colour(class_id: int) -> str:
    """Colour of a class, as hexadecimal text."""
    return CLASSES[(class_id - 1) % len(CLASSES)]


def label_colours(class_ids: Iterable[int]) -> dict[int | None, str]:
    """Colours of a Labels layer of class ids; background and unknown ids are transparent."""
    return {None: "transparent", 0: "transparent", **{class_id: class_colour(class_id) for class_id in class_ids}}


def one_colour(colour: str) -> dict[int | None, str]:
    """Colours of a Labels layer in which every label looks the same."""
    return {None: colour, 0: "transparent"}


def flag_colours(flag: int) -> dict[int | None, str]:
    """Colours of a Labels layer of artefact flags: one for pixels that have `flag`, another for those that do not."""
    others = {value: MARKED if value & flag else MARKED_OTHER for value in range(1, ALL_FLAGS + 1)}
    return {None: "transparent", 0: "transparent", **others}
