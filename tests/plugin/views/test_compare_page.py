from __future__ import annotations

from typing import Any

import pytest

from napari_unlearn.plugin.views.compare_page import ComparePage
from napari_unlearn.plugin.views.metric_table import MetricRow


@pytest.fixture
def page(qtbot: Any) -> ComparePage:
    made = ComparePage()
    qtbot.addWidget(made)
    return made


def hidden(page: ComparePage, key: str) -> bool:
    return page.findChild(object, key).isHidden()


def test_without_a_run_there_is_nothing_to_press(page: ComparePage) -> None:
    assert all(hidden(page, key) for key in ("export", "report", "discard"))
    page.show_run("Exact refit", "Exact", "Nothing is left.")
    assert not any(hidden(page, key) for key in ("export", "report", "discard"))
    page.clear()
    assert all(hidden(page, key) for key in ("export", "report", "discard"))


def test_numbers_are_offered_awaited_and_shown(page: ComparePage) -> None:
    page.show_run("Exact refit", "Exact", "Nothing is left.")
    assert not hidden(page, "measure")
    page.show_measuring()
    assert hidden(page, "measure")
    assert page.table.isHidden()
    page.show_rows([MetricRow("Dice", "0.5", "0.8", 1, "Overlap")])
    assert not page.table.isHidden()


def test_each_view_has_its_own_key_to_the_colours(page: ComparePage) -> None:
    page.show_run("Exact refit", "Exact", "Nothing is left.")
    page.show_view("show_before")
    assert page.scale.isHidden()
    assert not page.legend.isHidden()
    page.show_view("show_leakage_after")
    assert not page.scale.isHidden()
    assert page.legend.isHidden()
