from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLabel, QPushButton

from napari_unlearn.plugin.views.message_bar import MessageBar


def test_an_error_shows_its_sentence_and_its_remedy_until_dismissed(qtbot: Any) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    assert bar.isHidden()
    bar.error("The disk is full.", "Free some space.")
    assert not bar.isHidden()
    assert {"The disk is full.", "Free some space."} <= {label.text() for label in bar.findChildren(QLabel)}
    bar.findChild(QPushButton, "dismiss").click()
    assert bar.isHidden()


def test_a_note_may_offer_to_act(qtbot: Any) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    acted: list[int] = []
    bar.note("Pixels lie outside.", "", "Remove them", lambda: acted.append(1))
    (act,) = [button for button in bar.findChildren(QPushButton) if button.text() == "Remove them"]
    act.click()
    assert acted == [1]
    assert bar.isHidden()
    bar.done("Exported.")
    assert act.isHidden()
