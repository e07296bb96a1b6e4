from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLabel, QPushButton

from napari_unlearn.plugin.views.case_strip import CaseStrip
from napari_unlearn.plugin.views.parts import Page


def test_it_names_the_case_and_asks_for_its_neighbours(qtbot: Any) -> None:
    page = Page("Data", "Title")
    qtbot.addWidget(page)
    strip = CaseStrip(page)
    page.body.addWidget(strip)
    strip.show_case("case-7", "malignant", "in progress")
    assert any("case-7" in text.text() and "malignant" in text.text() for text in strip.findChildren(QLabel))
    asked: list[str] = []
    page.requested.connect(asked.append)
    for key in ("previous_case", "next_case", "next_unrefined"):
        strip.findChild(QPushButton, key).click()
    assert asked == ["previous_case", "next_case", "next_unrefined"]
