"""Maps of the feature space."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_unlearn.evaluation.feature_space import FeatureSpace
from napari_unlearn.report.content import Content
from napari_unlearn.report.feature_plot import MARGIN, MARKS, SIZE, legend_path, space_plots
from napari_unlearn.report.page import render

SPACE = FeatureSpace(
    ("a", "b", "c"),
    ("before", "after"),
    np.array([[[0.0, 0.0], [4.0, 1.0], [2.0, 2.0]], [[1.0, 0.0], [np.nan, np.nan], [2.0, 1.0]]]),
    (0.6, 0.25),
    ("benign", "malignant", "benign"),
    ("ruler", "none", "ruler"),
    ("held out", "held out", "refined, some forgotten"),
)


def test_every_panel_has_the_same_axes_and_one_scale() -> None:
    diagnosis, *_ = space_plots(SPACE)
    (before, first), (after, second) = diagnosis.panels
    assert (before, after) == ("before", "after")
    places = {mark.title.split(":")[0]: (mark.x, mark.y) for mark in first}
    step = (SIZE - 2 * MARGIN) / 4
    assert places["a"] == (MARGIN, SIZE / 2 + step)
    assert places["b"] == (SIZE - MARGIN, SIZE / 2)
    assert places["c"] == (SIZE / 2, SIZE / 2 - step)
    assert {(mark.x, mark.y) for mark in second} == {(MARGIN + step, SIZE / 2 + step), (SIZE / 2, SIZE / 2)}


def test_groups_differ_in_colour_and_shape_and_background_is_drawn_first() -> None:
    diagnosis, artefact, forget = space_plots(SPACE)
    assert [(group.name, group.colour, group.shape) for group in diagnosis.groups] == [
        ("benign (2)", *MARKS[0]),
        ("malignant (1)", *MARKS[1]),
    ]
    assert [(group.name, group.muted) for group in artefact.groups] == [("ruler (2)", False), ("none (1)", True)]
    assert [mark.group.muted for mark in forget.panels[0][1]] == [True, True, False]
    assert len({colour for colour, _ in MARKS}) == len(MARKS)
    assert all(a[1] != b[1] for a, b in itertools.pairwise(MARKS))


def test_neighbouring_colours_are_told_apart_in_grey() -> None:
    grey = [sum(int(colour[k : k + 2], 16) * w for k, w in ((1, 0.3), (3, 0.59), (5, 0.11))) for colour, _ in MARKS[:3]]
    assert min(abs(a - b) for a, b in itertools.pairwise(grey)) > 10


def test_the_page_draws_every_case_and_says_what_the_axes_are(measured: Content, parse: Callable[[str], Any]) -> None:
    page = parse(render(dataclasses.replace(measured, space=SPACE), str))
    assert "carry 60 % and 25 % of the spread" in page.text
    marks = [tag for tag in page.all("path") if (tag["d"] or "").startswith("M")]
    groups = sum(len(plot.groups) for plot in space_plots(SPACE))
    assert len(marks) == 3 * 5 + groups
    assert "refined, some forgotten (1)" in page.text


def test_a_case_with_a_wicked_name_is_text(measured: Content) -> None:
    space = dataclasses.replace(SPACE, cases=("</title><script>x</script>", "b", "c"), models=("<b>", "after"))
    html = render(dataclasses.replace(measured, space=space), str)
    assert "<script>x" not in html
    assert "<b>" not in html


@pytest.mark.parametrize("shape", sorted({shape for _, shape in MARKS}))
def test_the_legend_shows_the_shapes_in_the_middle_of_their_key(shape: str) -> None:
    path = legend_path(shape)
    assert path.startswith("M")
    assert path.endswith("z")
    if shape != "circle":
        corners = np.array([corner.split() for corner in path[1:-1].split("L")], float)
        assert (corners >= 0).all()
        assert (corners <= 12).all()
