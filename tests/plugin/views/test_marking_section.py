from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_unlearn.plugin.views.refine_page import RefinePage


def test_a_kind_is_chosen_and_what_is_marked_is_said(qtbot: Any) -> None:
    page = RefinePage()
    qtbot.addWidget(page)
    section = page.marking
    section.show_kinds({1: "ruler", 4: "gel bubble"})
    assert section.flag == 1
    with qtbot.waitSignal(section.kind_chosen):
        QTest.keyClick(section._kinds, Qt.Key.Key_Down)
    assert section.flag == 4
    assert section._kinds.currentText() == "Gel bubble"
    with qtbot.waitSignal(page.requested) as request:
        section._button.click()
    assert request.args == ["mark_artefacts"]
    section.show_on(False)
    assert not section._button.isChecked()
    assert section._line.isHidden()
    section.show_counts("Marked: ruler 2.0% of the image")
    assert not section._line.isHidden()
    section.show_counts("")
    assert section._line.isHidden()
