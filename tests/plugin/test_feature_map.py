"""The layer of points that shows the feature space."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtGui import QColor

from napari_unlearn.evaluation.feature_space import FeatureSpace
from napari_unlearn.plugin.feature_map import GAP, map_layer, signs

SPACE = FeatureSpace(
    ("a", "b", "c"),
    ("before", "after"),
    np.array([[[0.0, 0.0], [4.0, 1.0], [2.0, 4.0]], [[4.0, 4.0], [np.nan, np.nan], [0.0, 0.0]]]),
    (0.6, 0.3),
    ("benign", "malignant", "benign"),
    ("none", "ruler", "ink"),
    ("held out", "refined, some forgotten", "all coarse forgotten"),
)


def test_panels_lie_right_of_the_image_and_are_as_high() -> None:
    layer = map_layer(SPACE, Image(np.zeros((100, 160, 3), np.uint8), rgb=True, scale=(2, 2), translate=(5, 7)))
    assert list(layer.features["case"]) == ["a", "b", "c", "a", "c"]
    assert list(layer.features["model"]) == ["before", "before", "before", "after", "after"]
    rows, columns = layer.data.T
    assert rows.min() == pytest.approx(5)
    assert rows.max() == pytest.approx(95)
    first, second = 160 + 100 * GAP, 160 + 100 * (1 + 2 * GAP)
    assert columns[:3] == pytest.approx([first + 5, first + 95, first + 50])
    assert columns[3:] == pytest.approx([second + 95, second + 5])
    assert rows[0] > rows[2]  # up is up, though rows count down
    assert tuple(layer.scale) == (2, 2)
    assert tuple(layer.translate) == (5, 7)


def test_points_tell_what_their_case_is_by_colour_shape_and_rim() -> None:
    layer = map_layer(SPACE, Image(np.zeros((64, 64, 3), np.uint8), rgb=True))
    faces, rims = layer.face_color, layer.border_color
    assert np.array_equal(faces[0], faces[2])
    assert not np.array_equal(faces[0], faces[1])
    assert len({str(symbol) for symbol in layer.symbol[:3]}) == 3
    forgotten = [False, True, True, False, True]
    assert [bool((rim == rims[1]).all()) for rim in rims] == forgotten
    assert [width > layer.border_width[0] for width in layer.border_width] == forgotten  # seen without colours too
    assert list(layer.features["label"]) == ["", "", "before", "after", ""]
    assert set(layer.features.columns) == {"case", "model", "diagnosis", "artefact", "forget", "label"}


def test_the_legend_has_the_very_colours_and_shapes_of_the_points() -> None:
    layer = map_layer(SPACE, Image(np.zeros((64, 64, 3), np.uint8), rgb=True))
    diagnoses, artefacts = signs(SPACE)
    for place, (diagnosis, artefact) in enumerate(zip(SPACE.diagnosis, SPACE.artefact, strict=True)):
        assert layer.symbol[place] == artefacts[artefact]
        assert QColor.fromRgbF(*layer.face_color[place]).name() == diagnoses[diagnosis]
    assert next(iter(artefacts)) == "none"
