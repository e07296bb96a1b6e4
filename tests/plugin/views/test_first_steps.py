from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLabel

from napari_unlearn.plugin.texts import INTRO, STEPS
from napari_unlearn.plugin.views.first_steps import FirstSteps


def test_an_empty_dock_says_how_to_begin_and_what_each_step_is_for(qtbot: Any) -> None:
    start = FirstSteps()
    qtbot.addWidget(start)
    said = "\n".join(text.text() for text in start.findChildren(QLabel))
    places = [said.index(f"<b>{step}</b><br>{INTRO[step]}") for step in STEPS]
    assert places == sorted(places)
    assert "drop a folder" in said
    assert "Open it to see the whole way" in said
