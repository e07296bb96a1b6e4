from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QComboBox, QToolButton

from napari_unlearn.plugin.views.sort_choice import SortChoice


def test_column_and_direction_are_told_by_their_own_names(qtbot: Any) -> None:
    made = SortChoice()
    qtbot.addWidget(made)
    told: list[tuple[str, bool]] = []
    made.changed.connect(lambda column, descending: told.append((column, descending)))
    made.show_columns(("Case", "gel_bubble"))
    assert told == []
    chooser = made.findChild(QComboBox, "case_sort")
    chooser.setCurrentIndex(chooser.findText("gel bubble"))
    made.findChild(QToolButton, "case_direction").click()
    assert told == [("gel_bubble", False), ("gel_bubble", True)]
    made.show_columns(("Case",))
    assert chooser.currentData() == ""
    assert not made.findChild(QToolButton, "case_direction").isChecked()
