from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QPushButton

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import Page, label


def test_a_button_is_known_by_its_key_and_shows_its_shortcut(qtbot: Any) -> None:
    page = Page("Refine", "Title")
    qtbot.addWidget(page)
    asked: list[str] = []
    page.requested.connect(asked.append)
    button = page.button("next_unrefined")
    page.body.addWidget(button)
    assert page.findChild(QPushButton, "next_unrefined") is button
    assert button.toolTip() == f"{TEXTS['next_unrefined'].tip} (U)"
    button.click()
    assert asked == ["next_unrefined"]


def test_text_that_wraps_is_higher_where_it_is_narrower(qtbot: Any) -> None:
    text = label("word " * 40, wrap=True)
    qtbot.addWidget(text)
    assert text.hasHeightForWidth()
    assert text.heightForWidth(100) > text.heightForWidth(600)
    assert text.sizePolicy().hasHeightForWidth()


def test_a_page_is_never_narrower_than_what_is_on_it(qtbot: Any) -> None:
    page = Page("Data", "Title")
    qtbot.addWidget(page)
    wide = page.button("train_model")
    wide.setMinimumWidth(700)
    page.body.addWidget(wide)
    assert page.minimumSizeHint().width() >= 700
