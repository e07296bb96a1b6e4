from __future__ import annotations

from typing import Any

import pytest

from napari_unlearn.report.limits import limits, report_limits
from napari_unlearn.report.numbers import split_numbers


def said(splits: Any = (), refined: int | None = None, **options: Any) -> str:
    report = report_limits(**{"masks": "same", "pictures": False, "before": False, **options})
    return " ".join([*limits(splits, refined), *report])


def test_every_report_is_for_research_and_no_report_is_certified() -> None:
    assert "not medical devices" in said()
    assert "No guarantee covers this report" in said()
    assert "Nothing was measured" in said()


def test_the_cases_behind_an_auroc_are_counted(numbers: dict[str, Any]) -> None:
    text = said(split_numbers(numbers, None, {"test_aligned": 8, "test_conflicting": 8}))
    assert "AUROC on test_aligned rests on 8 cases with the diagnosis and 12 without; that is few" in text
    assert "no interval was computed" in text
    assert "AUROC on test_conflicting" not in text  # there is none
    assert "Nothing was measured" not in text


def test_many_cases_are_not_called_few(numbers: dict[str, Any]) -> None:
    split = {**numbers["splits"]["test_aligned"], "cases": 400}
    text = said(split_numbers({"splits": {"test": split}}, None, {"test": 100}))
    assert "100 cases with the diagnosis and 300 without" in text
    assert "that is few" not in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"masks": "changed"}, "masks of the data set have changed since the run"),
        ({"before": True}, "compares with the model before"),
        ({"before": True}, "a small difference may be chance"),
        ({"pictures": True}, "chosen by their place"),
        ({"refined": 1}, "mask of one refined case was taken as true"),
        ({"refined": 6}, "masks of 6 refined cases were taken as true"),
    ],
)
def test_what_a_run_lacks_is_said(options: dict[str, Any], words: str) -> None:
    assert words in said(**options)
    assert words not in said()


def test_training_cases_flatter(numbers: dict[str, Any]) -> None:
    split = {"train": numbers["splits"]["test_aligned"]}
    assert "flattered" in said(split_numbers({"splits": split}, None, {}))
