from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox

from napari_unlearn.export.formats import FORMATS
from napari_unlearn.plugin.views.export_choice import ExportChoice


def test_every_format_can_be_chosen_and_the_own_one_comes_first(qtbot: Any) -> None:
    made = ExportChoice()
    qtbot.addWidget(made)
    assert made.form == "napari-unlearn"
    found = []
    for _ in FORMATS:
        found.append(made.form)
        qtbot.keyClick(made.findChild(QComboBox, "export_format"), Qt.Key.Key_Down)
    assert found == [entry.name for entry in FORMATS]


@pytest.mark.parametrize("name", [entry.name for entry in FORMATS])
def test_a_format_is_chosen_by_its_name(qtbot: Any, name: str) -> None:
    made = ExportChoice()
    qtbot.addWidget(made)
    made.choose(name)
    assert made.form == name
