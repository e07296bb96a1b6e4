from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QLabel, QPushButton, QSlider, QSpinBox

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.views.refine_page import RefinePage


@pytest.fixture
def page(qtbot: Any) -> RefinePage:
    made = RefinePage()
    qtbot.addWidget(made)
    return made


def test_slider_and_number_agree_and_ask_once(page: RefinePage) -> None:
    asked: list[int] = []
    page.brush_size_requested.connect(asked.append)
    page.findChild(QSpinBox).setValue(40)
    assert page.findChild(QSlider).value() == 40
    assert asked == [40]
    page.show_brush_size(12)
    assert page.findChild(QSpinBox).value() == 12
    assert asked == [40]


def test_one_tool_is_in_hand_or_none(page: RefinePage) -> None:
    tools = ("tool_trim", "tool_restore", "tool_fill")
    for tool in (*tools, None, "tool_trim"):
        page.show_tool(tool)
        assert [key for key in tools if page.findChild(QPushButton, key).isChecked()] == ([tool] if tool else [])


def test_progress_says_when_it_is_enough(page: RefinePage) -> None:
    def text() -> str:
        return " ".join(label.text() for label in page.findChildren(QLabel))

    page.show_progress(1, 40, 4)
    assert "aim for about 4" in text()
    page.show_progress(4, 40, 4)
    assert "enough" in text()


def test_while_artefacts_are_marked_tools_and_colours_say_so(page: RefinePage) -> None:
    page.show_classes(("background", "naevus"))
    before = page.legend.entries
    page.show_marking("gel bubble")
    assert page.findChild(QPushButton, "tool_restore").text() == "Mark"
    assert page.findChild(QPushButton, "tool_trim").text() == "Unmark"
    assert page.legend.entries["Gel bubble"] == colours.MARKED
    assert page.gauge.isHidden()
    assert page.findChild(QPushButton, "start_from_coarse").isHidden()  # it would change a mask that is not in sight
    page.show_marking("")
    assert page.findChild(QPushButton, "tool_restore").text() == "Restore"
    assert page.legend.entries == before
    assert not page.gauge.isHidden()
