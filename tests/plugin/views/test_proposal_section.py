from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton

from napari_unlearn.plugin.views.parts import Page
from napari_unlearn.plugin.views.proposal_section import ProposalSection


@pytest.fixture
def section(qtbot: Any) -> ProposalSection:
    page = Page("Refine", "Refine")
    qtbot.addWidget(page)
    made = ProposalSection(page)
    page.body.addWidget(made)
    made.show_methods((("a", "Method A", "Dice 0.9"), ("b", "Method B", "Dice 0.8")))
    return made


def test_what_was_measured_is_on_the_tooltip_of_the_method(section: ProposalSection) -> None:
    chooser = section.findChild(QComboBox, "proposal_method")
    assert section.method == "a"
    assert "Dice 0.9" in chooser.toolTip()
    chooser.setCurrentIndex(1)
    assert section.method == "b"
    assert "Dice 0.8" in chooser.toolTip()
    assert chooser.itemData(1, Qt.ItemDataRole.ToolTipRole) == "Dice 0.8"


def test_accept_and_reject_are_there_while_something_is_proposed(section: ProposalSection) -> None:
    accept = section.findChild(QPushButton, "accept_proposal")
    assert not accept.isVisibleTo(section)
    section.show_proposal("Method A: removes 7 pixels.")
    assert accept.isVisibleTo(section)
    section.show_proposal("")
    assert not accept.isVisibleTo(section)


def test_pixels_outside_are_counted_and_can_be_removed(section: ProposalSection) -> None:
    trim = section.findChild(QPushButton, "trim_outside")
    assert not trim.isVisibleTo(section)
    section.show_outside(1234)
    assert section.findChild(QLabel, "outside_count").text() == "1,234 px outside"
    assert trim.isVisibleTo(section)


def test_only_the_user_switches_nesting(section: ProposalSection) -> None:
    told: list[bool] = []
    section.nesting_changed.connect(told.append)
    section.show_inside(False)
    assert told == []
    section.findChild(QCheckBox, "stay_inside").click()
    assert told == [True]


def test_work_in_the_background_is_said_on_the_button(section: ProposalSection) -> None:
    button = section.findChild(QPushButton, "propose")
    before = button.text()
    section.show_busy(True)
    assert button.text() != before
    section.show_busy(False)
    assert button.text() == before
