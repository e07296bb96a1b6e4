from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from qtpy.QtWidgets import QApplication, QLabel, QWidget

from napari_unlearn.plugin.style import theme
from napari_unlearn.plugin.views.legend import Legend


def test_new_entries_replace_the_old_ones(qtbot: Any) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    legend.show_entries({"benign": "#00ff00", "malignant": "#ff0000", "○Coarse outline": "#ffff00"})
    assert {label.text() for label in legend.findChildren(QLabel)} == {"benign", "malignant", "Coarse outline"}
    assert legend.entries["benign"] == "#00ff00"
    legend.show()
    legend.show_entries({"naevus": "#0000ff"})
    QApplication.processEvents()  # which deletes nothing
    assert [label.text() for label in legend.findChildren(QLabel) if label.isVisible()] == ["naevus"]
    qtbot.waitUntil(lambda: [label.text() for label in legend.findChildren(QLabel)] == ["naevus"])


@pytest.mark.parametrize("name", ["dark", "light"])
def test_a_square_is_seen_on_the_page_whatever_colour_it_explains(
    name: str, qtbot: Any, contrast: Callable[[str, str], float]
) -> None:
    ground = theme(name).background
    for colour in (ground, "○" + ground):
        legend = Legend()
        qtbot.addWidget(legend)
        legend.show_entries({colour.replace(ground, "x"): ground})
        swatch = legend.findChildren(QWidget)[0]
        picture = swatch.grab().toImage()
        assert contrast(picture.pixelColor(7, 0).name(), ground) > 2.5
