from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QLabel, QLineEdit, QToolButton

from napari_unlearn.plugin.views.withdrawal_section import WithdrawalSection


@pytest.fixture
def section(qtbot: Any) -> WithdrawalSection:
    made = WithdrawalSection()
    qtbot.addWidget(made)
    made.show()
    return made


def found(section: WithdrawalSection) -> str:
    return section.findChild(QLabel, "forget_count").text()


def test_it_is_closed_and_counts_only_while_it_is_open(section: WithdrawalSection, qtbot: Any) -> None:
    field, switch = section.findChild(QLineEdit, "forget_cases"), section.findChild(QToolButton, "forget_section")
    assert not field.isVisible()
    with qtbot.waitSignal(section.changed):
        qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert field.isVisible()
    assert section.criterion is None
    with qtbot.waitSignal(section.changed):
        qtbot.keyClicks(field, " site = Vienna ")
    section.findChild(QCheckBox, "keep_coarse").setChecked(True)
    assert (section.criterion, section.keep_coarse) == ("site = Vienna", True)
    with qtbot.waitSignal(section.changed):
        qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert (section.criterion, section.keep_coarse) == (None, False)


def test_the_other_cases_keep_coarse_masks_only_where_something_is_forgotten(section: WithdrawalSection) -> None:
    section.findChild(QToolButton, "forget_section").setChecked(True)
    section.findChild(QCheckBox, "keep_coarse").setChecked(True)
    assert not section.keep_coarse


def test_what_is_found_is_said_in_words(section: WithdrawalSection) -> None:
    section.show_columns(["id", "site"])
    assert found(section) == "Columns of this data set: id, site."
    section.show_count(1, 0, 12)
    assert found(section) == "<b>1</b> of 12 training cases fits."
    section.show_count(3, 2, 12)
    assert found(section) == "<b>3</b> of 12 training cases fit, 2 of them refined."
    section.show_problem("No case fits.")
    assert found(section) == "No case fits."


def test_it_forgets_what_was_written_about_other_data(section: WithdrawalSection) -> None:
    section.findChild(QToolButton, "forget_section").setChecked(True)
    section.findChild(QLineEdit, "forget_cases").setText("site = Vienna")
    section.clear()
    assert section.criterion is None
    assert section.findChild(QLineEdit, "forget_cases").text() == ""


def test_columns_and_criteria_are_shown_as_they_are_written(section: WithdrawalSection) -> None:
    section.show_columns(["id", "<b>site"])
    assert found(section) == "Columns of this data set: id, &lt;b&gt;site."
    section.show_problem("There is no column '<img>'.")
    assert found(section) == "There is no column '&lt;img&gt;'."
