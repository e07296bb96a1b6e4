from __future__ import annotations

from typing import Any

import pytest

from napari_unlearn.data.suggestion import SURROUNDINGS
from napari_unlearn.plugin.texts import TEXTS
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


def test_columns_of_another_table_count_before_anyone_has_seen_them(suggest_row: SuggestRow) -> None:
    suggest_row.show_columns(("ruler",), model=True)
    suggest_row.leave_surroundings()
    suggest_row.show_columns(())  # another data set was opened
    assert not suggest_row.surroundings
    assert suggest_row.chosen is None


def test_a_table_without_kinds_is_said_in_the_menu(suggest_row: SuggestRow) -> None:
    suggest_row.show_columns(())
    said, around = (action for action in suggest_row._menu.actions() if not action.isSeparator())
    assert not said.isEnabled()
    assert not around.isEnabled()


def test_surroundings_can_be_switched_off_once_a_model_can_look_at_them(suggest_row: SuggestRow) -> None:
    suggest_row.show_columns(("ruler",))
    *_, around = suggest_row._menu.actions()
    assert not around.isEnabled()
    assert not around.isChecked()
    assert "model" in around.toolTip()
    suggest_row.show_columns(("ruler",), model=True)
    *_, around = suggest_row._menu.actions()
    assert around.isChecked()
    assert suggest_row.surroundings
    assert suggest_row.chosen is None
    around.trigger()
    assert not suggest_row.surroundings
    assert suggest_row.chosen == ("ruler",)
    suggest_row.show_columns(("ruler",), model=True)
    *_, around = suggest_row._menu.actions()
    assert not around.isChecked()
    around.trigger()
    suggest_row._menu.actions()[0].trigger()
    assert suggest_row.chosen == (SURROUNDINGS,)


def test_one_entry_leaves_nothing_but_the_surroundings(suggest_row: SuggestRow) -> None:
    only = TEXTS["suggest_only_surroundings"].label

    def entries() -> dict[str, Any]:
        return {action.text(): action for action in suggest_row._menu.actions()}

    suggest_row.show_columns(("ruler", "site"))
    assert only not in entries()  # nothing can look at them
    suggest_row.show_columns((), model=True)
    assert only not in entries()  # there is nothing else anyway
    suggest_row.show_columns(("ruler", "site"), model=True)
    suggest_row.leave_surroundings()
    entries()[only].trigger()
    assert suggest_row.chosen == (SURROUNDINGS,)
    assert suggest_row.surroundings
    suggest_row.show_columns(("ruler", "site"), model=True)
    assert [name for name, action in entries().items() if action.isChecked()] == [TEXTS["suggest_surroundings"].label]
    entries()["site"].trigger()
    assert suggest_row.chosen == ("site", SURROUNDINGS)


def test_how_far_it_has_looked_is_said_while_it_looks(suggest_row: SuggestRow) -> None:
    assert suggest_row._looking.isHidden()
    suggest_row.show_looking(True)
    assert not suggest_row._looking.isHidden()
    assert suggest_row._doing._label.text() == "Loading the model…"
    suggest_row.show_progress(40, 200, "Looking around the lesions", 12.0)
    assert suggest_row._doing._label.text() == "Looking around the lesions…"
    assert suggest_row._looked._label.text() == "40 of 200 · about 12 s left"
    suggest_row.show_looking(False)
    assert suggest_row._looking.isHidden()


def test_the_reason_goes_when_there_is_none(suggest_row: SuggestRow) -> None:
    suggest_row.show_reason("No refined case shows nevus yet.")
    assert suggest_row._reason.text() == "Suggested: no refined case shows nevus yet."
    assert not suggest_row._reason.isHidden()
    suggest_row.show_reason("")
    assert suggest_row._reason.isHidden()
