from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton, QRadioButton

from napari_unlearn.operators.registry import available
from napari_unlearn.plugin.views.operator_cards import OperatorCards


@pytest.fixture
def cards(qtbot: Any) -> OperatorCards:
    made = OperatorCards()
    qtbot.addWidget(made)
    made.set_operators(available())
    return made


def test_the_strongest_guarantee_comes_first_and_is_chosen(cards: OperatorCards) -> None:
    radios = cards.findChildren(QRadioButton)
    assert [radio.objectName() for radio in radios] == [operator.name for operator in available()]
    assert cards.current == available()[0].name


def test_a_click_anywhere_on_a_card_chooses_it(cards: OperatorCards, qtbot: Any) -> None:
    chosen: list[str] = []
    cards.chosen.connect(chosen.append)
    last = cards.findChildren(QRadioButton)[-1]
    cards.show()
    qtbot.mouseClick(cards.findChild(QPushButton, "more_operators"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(last.parentWidget(), Qt.MouseButton.LeftButton)
    assert chosen == [available()[-1].name]
    assert cards.current == available()[-1].name


def test_at_first_one_of_each_kind_is_shown(cards: OperatorCards, qtbot: Any) -> None:
    def shown() -> list[str]:
        return [radio.objectName() for radio in cards.findChildren(QRadioButton) if radio.isVisible()]

    cards.show()
    firsts = {operator.badge: operator.name for operator in reversed(available())}
    assert shown() == list(reversed(firsts.values()))
    more = cards.findChild(QPushButton, "more_operators")
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert shown() == [operator.name for operator in available()]
    cards.findChildren(QRadioButton)[-1].setChecked(True)
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert shown()[-1] == available()[-1].name
    assert len(shown()) == len(firsts) + 1
