"""The layer of points that shows the feature space."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtGui import QColor

from napari_unlearn.evaluation.feature_space import FeatureSpace
from napari_unlearn.plugin.colours import POINTS, class_colour
from napari_unlearn.plugin.feature_map import GAP, HEAD, map_layer, signs

SPACE = FeatureSpace(
    ("a", "b", "c"),
    ("before", "after"),
    np.array([[[0.0, 0.0], [4.0, 1.0], [2.0, 4.0]], [[4.0, 4.0], [np.nan, np.nan], [0.0, 0.0]]]),
    (0.6, 0.3),
    ("benign", "malignant", "benign"),
    ("none", "ruler", "ink"),
    ("held out", "refined, some forgotten", "all coarse forgotten"),
)


def test_panels_lie_below_the_middle_of_the_image() -> None:
    layer = map_layer(SPACE, Image(np.zeros((100, 160, 3), np.uint8), rgb=True, scale=(2, 2), translate=(5, 7)))
    assert list(layer.features["case"]) == ["a", "b", "c", "a", "c", "", ""]
    assert list(layer.features["model"])[:5] == ["before", "before", "before", "after", "after"]
    rows, columns = layer.data[:5].T
    top = 100 * (1 + HEAD)
    assert rows.min() == pytest.approx(top + 5)
    assert rows.max() == pytest.approx(top + 95)
    first, second = 80 - 100 * (1 + GAP / 2), 80 + 100 * GAP / 2
    assert columns[:3] == pytest.approx([first + 5, first + 95, first + 50])
    assert columns[3:] == pytest.approx([second + 95, second + 5])
    # The names of both panels stand above their middle, in one line.
    assert layer.data[5:] == pytest.approx(np.array([[top - 7, first + 50], [top - 7, second + 50]]))
    assert list(layer.features["label"]) == ["", "", "", "", "", "before", "after"]
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
    assert [bool((rim == rims[1]).all()) for rim in rims[:5]] == forgotten
    assert [width > layer.border_width[0] for width in layer.border_width[:5]] == forgotten  # seen without colours too
    assert not faces[5:, 3].any()
    assert not rims[5:, 3].any()
    assert set(layer.features.columns) == {"case", "model", "diagnosis", "artefact", "forget", "label"}


def test_the_legend_has_the_very_colours_and_shapes_of_the_points() -> None:
    layer = map_layer(SPACE, Image(np.zeros((64, 64, 3), np.uint8), rgb=True))
    diagnoses, artefacts = signs(SPACE)
    for place, (diagnosis, artefact) in enumerate(zip(SPACE.diagnosis, SPACE.artefact, strict=True)):
        assert layer.symbol[place] == artefacts[artefact]
        assert QColor.fromRgbF(*layer.face_color[place]).name() == diagnoses[diagnosis]
    assert next(iter(artefacts)) == "none"


def test_a_diagnosis_that_is_a_class_has_the_colour_of_its_mask() -> None:
    both, _ = signs(SPACE, ("background", "benign", "malignant"))
    assert both == {"benign": class_colour(1), "malignant": class_colour(2)}
    one, _ = signs(SPACE, ("background", "malignant"))
    assert one["malignant"] == class_colour(1)
    assert one["benign"] == POINTS[1]
    many, _ = signs(SPACE, ("background", "benign", "malignant", "keratosis"))
    assert set(many.values()) <= set(POINTS)
