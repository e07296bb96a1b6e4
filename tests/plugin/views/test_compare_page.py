from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QLabel, QPushButton, QSlider

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


def test_the_line_of_a_split_is_moved_by_a_slider_that_follows_it(page: ComparePage) -> None:
    page.show_run("Exact refit", "Exact", "Nothing is left.")
    slider = page.findChild(QSlider, "split_at")
    assert slider.isHidden()
    page.show_view("show_split")
    assert not slider.isHidden()
    moved: list[float] = []
    page.split_moved.connect(moved.append)
    slider.setValue(250)
    assert moved == [0.25]
    page.show_split_at(0.75)
    assert slider.value() == 750
    assert moved == [0.25]
    page.show_view("show_difference")
    assert slider.isHidden()
    assert page.legend.isHidden()
    page.show_view("show_before")
    assert not page.legend.isHidden()


def test_other_runs_are_named_and_cannot_be_exported(page: ComparePage) -> None:
    page.show_run("Exact refit", "Exact", "Nothing is left.")
    page.show_pair("Retrain, Monday", "Exact refit, Tuesday")
    assert not hidden(page, "compare_current")
    assert all(page.findChild(QPushButton, key).isHidden() for key in ("export", "report", "discard"))
    page.show_measured([MetricRow("Dice", "0.5", "0.8", 1, "Overlap")], "2030-01-02")
    assert not page.table.isHidden()
    assert not hidden(page, "measure")


def test_the_map_is_read_where_the_mouse_is(page: ComparePage) -> None:
    here = page.findChild(QLabel, "leakage_here")
    page.scale.show_here("Here 0.1 nats")
    assert here.text() == "Here 0.1 nats"
    page.scale.show_here("")
    assert "Rest the mouse" in here.text()
