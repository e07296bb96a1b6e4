from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLabel

from napari_unlearn.plugin.views.legend import Legend


def test_new_entries_replace_the_old_ones(qtbot: Any) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    legend.show_entries({"benign": "#00ff00", "malignant": "#ff0000", "○Coarse outline": "#ffff00"})
    assert {label.text() for label in legend.findChildren(QLabel)} == {"benign", "malignant", "Coarse outline"}
    legend.show_entries({"naevus": "#0000ff"})
    qtbot.waitUntil(lambda: [label.text() for label in legend.findChildren(QLabel)] == ["naevus"])
