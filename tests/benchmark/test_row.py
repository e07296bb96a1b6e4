"""One line of the table."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from napari_unlearn.benchmark.row import COLUMNS, Row


def test_a_row_reads_back_as_it_was(row: Callable[..., Row]) -> None:
    made = row("coarse", 1, 1 / 3, fine=None, swaps=None, correlation=None, failure='refused, "because"')
    cells = made.cells()
    assert tuple(cells) == COLUMNS
    assert Row.from_cells(cells) == made


def test_a_number_that_is_none_leaves_its_cell_empty(row: Callable[..., Row]) -> None:
    assert row("coarse", 1, leakage=float("nan")).cells()["leakage"] == ""


@pytest.mark.parametrize(("column", "text"), [("seed", "one"), ("seed", ""), ("dice_aligned", "good")])
def test_a_cell_that_holds_something_else_is_refused(row: Callable[..., Row], column: str, text: str) -> None:
    with pytest.raises(ValueError, match="could not convert|invalid literal"):
        Row.from_cells({**row("coarse", 1).cells(), column: text})


def test_what_decides_about_images_is_told_apart(row: Callable[..., Row]) -> None:
    assert row("coarse", 1).trial.ground == row("exact-refit", 1, fine=1.0, swaps=0).trial.ground
    assert len({row("coarse", 1, **change).trial.ground for change in ({}, {"classes": 2}, {"correlation": 0.5})}) == 3
