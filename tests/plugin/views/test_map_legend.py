from __future__ import annotations

from typing import Any

from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.feature_map import SYMBOLS
from napari_unlearn.plugin.views.map_legend import SHAPES, MapLegend, Sign


def test_diagnoses_artefacts_and_rims_are_named_and_those_of_another_map_replace_them(qtbot: Any) -> None:
    legend = MapLegend()
    qtbot.addWidget(legend)
    assert legend.isHidden()
    legend.show_entries({"benign": "#56b4e9"}, {"none": "disc", "gel_bubble": "square"})
    assert not legend.isHidden()
    assert {"Benign", "None", "Gel bubble", "Some or all forgotten"} <= {t.text() for t in legend.findChildren(QLabel)}
    legend.show_entries({"naevus": "#e69f00"}, {"none": "disc"})
    assert "Benign" not in {text.text() for text in legend.findChildren(QLabel) if text.isVisibleTo(legend)}
    qtbot.waitUntil(lambda: "Benign" not in {text.text() for text in legend.findChildren(QLabel)})
    assert next(sign.fill for sign in legend.findChildren(Sign)) == "#e69f00"


def test_every_symbol_of_the_map_can_be_drawn_and_looks_like_no_other(qtbot: Any) -> None:
    assert set(SHAPES) == set(SYMBOLS)
    drawn = set()
    for symbol in SYMBOLS:
        sign = Sign(symbol, "#56b4e9")
        qtbot.addWidget(sign)
        picture = sign.grab().toImage()
        assert picture.pixelColor(9, 9) == QColor("#56b4e9")
        pixels = ((x, y) for x in range(18) for y in range(18))
        drawn.add(tuple(picture.pixelColor(x, y) == QColor("#56b4e9") for x, y in pixels))
    assert len(drawn) == len(SYMBOLS)


def test_a_forgotten_case_has_a_wider_rim_of_another_colour(qtbot: Any) -> None:
    pictures = []
    for forgotten in (False, True):
        sign = Sign("disc", "#00000000", forgotten)
        qtbot.addWidget(sign)
        pictures.append(sign.grab().toImage())
    rims = (colours.RIM, colours.RIM_FORGOTTEN)
    counts = [
        sum(picture.pixelColor(x, y).name() == rim for x in range(18) for y in range(18))
        for picture, rim in zip(pictures, rims, strict=True)
    ]
    assert counts[1] > counts[0]
