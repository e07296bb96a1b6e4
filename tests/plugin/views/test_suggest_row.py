from __future__ import annotations

from typing import Any

import pytest

from napari_unlearn.plugin.views.parts import Page
from napari_unlearn.plugin.views.suggest_row import SuggestRow


@pytest.fixture
def suggest_row(qtbot: Any) -> SuggestRow:
    page = Page("Refine", "Refine")
    qtbot.addWidget(page)
    made = SuggestRow(page)
    page.body.addWidget(made)
    return made


def test_every_column_counts_until_one_is_switched_off(suggest_row: SuggestRow) -> None:
    suggest_row.show_columns(("ruler", "site"))
    assert suggest_row.chosen is None
    suggest_row._menu.actions()[1].trigger()
    assert suggest_row.chosen == ("ruler",)
    suggest_row.show_columns(("ruler", "site"))
    assert suggest_row.chosen == ("ruler",)
    suggest_row._menu.actions()[1].trigger()
    assert suggest_row.chosen is None


def test_a_column_that_is_gone_is_no_longer_off(suggest_row: SuggestRow) -> None:
    suggest_row.show_columns(("ruler",))
    suggest_row._menu.actions()[0].trigger()
    suggest_row.show_columns(("ink",))
    assert suggest_row.chosen is None


def test_a_table_without_kinds_is_said_in_the_menu(suggest_row: SuggestRow) -> None:
    suggest_row.show_columns(())
    (only,) = suggest_row._menu.actions()
    assert not only.isEnabled()


def test_the_reason_goes_when_there_is_none(suggest_row: SuggestRow) -> None:
    suggest_row.show_reason("No refined case shows nevus yet.")
    assert suggest_row._reason.text() == "Suggested: no refined case shows nevus yet."
    assert not suggest_row._reason.isHidden()
    suggest_row.show_reason("")
    assert suggest_row._reason.isHidden()
