"""Tables that spreadsheets open."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.errors import UserError
from napari_unlearn.export.table import METRIC_COLUMNS, defused, metric_rows, write_metrics, write_table

EVALUATION = {
    "splits": {
        '=HYPERLINK("http://example.org")': {
            "dice": 0.5,
            "dice_per_class": [0.9, 0.5],
            "auroc": None,
            "leakage": {"s_global": 12.0, "normalised": 0.25, "low": 0.125, "high": 0.5},
            "counterfactual_shift": -0.125,
            "cases": 4,
        },
        "plain": {
            "dice": float("nan"),
            "dice_per_class": [],
            "auroc": 0.75,
            "leakage": None,
            "counterfactual_shift": None,
            "cases": 2,
        },
    },
    "shortcut_gap": 0.5,
}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "\uff1d1"])
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(text: str) -> None:
    assert defused(text) == "'" + text


@pytest.mark.parametrize("value", ["benign", "a=b", "", "1", -0.5, 3, None])
def test_everything_else_stays_as_it_is(value: object) -> None:
    assert defused(value) == value


@given(st.text(max_size=20))
def test_no_text_begins_like_a_formula_once_defused(text: str) -> None:
    assert str(defused(text)).lstrip(" ")[:1] not in {*"=+-@\t\r\n"} - {""}


def test_every_number_of_an_evaluation_is_in_the_table(tmp_path: Path) -> None:
    write_table(tmp_path / "metrics.csv", METRIC_COLUMNS, metric_rows(EVALUATION, "after"))
    with (tmp_path / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    name = '\'=HYPERLINK("http://example.org")'
    assert rows == [
        list(METRIC_COLUMNS),
        ["after", name, "4", "dice", "0.5", "", ""],
        ["after", name, "4", "dice_per_class 0", "0.9", "", ""],
        ["after", name, "4", "dice_per_class 1", "0.5", "", ""],
        ["after", name, "4", "auroc", "", "", ""],
        ["after", name, "4", "leakage", "0.25", "0.125", "0.5"],
        ["after", name, "4", "leakage s_global", "12.0", "", ""],
        ["after", name, "4", "counterfactual_shift", "-0.125", "", ""],
        ["after", "plain", "2", "dice", "", "", ""],
        ["after", "plain", "2", "auroc", "0.75", "", ""],
        ["after", "plain", "2", "leakage", "", "", ""],
        ["after", "plain", "2", "counterfactual_shift", "", "", ""],
        ["after", "all", "", "shortcut_gap", "0.5", "", ""],
    ]


def test_two_models_are_told_apart_and_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    write_metrics(tmp_path / "both.csv", EVALUATION, EVALUATION)
    models = [line.split(",")[0] for line in (tmp_path / "both.csv").read_text(encoding="utf-8").splitlines()]
    assert models == ["model", *["before"] * 12, *["after"] * 12]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="cannot be saved"):
        write_metrics(tmp_path / "file" / "metrics.csv", EVALUATION)
