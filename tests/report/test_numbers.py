from __future__ import annotations

from typing import Any

import pytest

from napari_unlearn.report.numbers import Measure, gap, plots, split_numbers


def test_values_and_intervals_are_those_of_the_evaluation(numbers: dict[str, Any]) -> None:
    aligned, conflicting = split_numbers(numbers, None, {"test_aligned": 8})
    assert (aligned.name, aligned.cases, aligned.positive, conflicting.positive) == ("test_aligned", 20, 8, None)
    measures = {entry.name: entry for entry in aligned.measures}
    assert measures["Dice"].written(measures["Dice"].after) == "0.812"
    leakage = measures["Leakage"]
    assert (leakage.written(leakage.after), leakage.interval(leakage.after)) == ("0.0123", "−0.0011 to 0.0301")
    shift = measures["Counterfactual shift"]
    assert shift.written(shift.after) == "−0.250"
    assert all(entry.before is None for entry in aligned.measures)
    assert [entry.name for entry in aligned.artefacts] == ["ruler", "gel bubble"]


def test_a_missing_number_says_why(numbers: dict[str, Any]) -> None:
    _, conflicting = split_numbers(numbers, numbers, {})
    auroc = next(entry for entry in conflicting.measures if entry.name == "AUROC")
    assert auroc.after is None
    assert "diagnosis" in auroc.missing
    assert auroc.written(auroc.after) == auroc.interval(auroc.after) == ""
    assert gap(numbers, None).after is None
    assert "aligned and conflicting" in gap(numbers, None).missing


def test_a_split_or_artefact_of_one_model_alone_is_no_failure(numbers: dict[str, Any]) -> None:
    split = {**numbers["splits"]["test_aligned"], "leakage": None, "leakage_per_artefact": {"ink": 0.5}}
    (only,) = split_numbers({"splits": {"test_aligned": split}}, numbers, {})
    assert {entry.name: (entry.before is None, entry.after is None) for entry in only.artefacts} == {
        "ink": (True, False),
        "ruler": (False, True),
        "gel bubble": (False, True),
    }
    assert [plot.title for plot in plots((only,))] == ["Dice", "AUROC"]


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (0.0, True, "0.000"),
        (-0.0001, True, "0.000"),
        (0.5, True, "+0.500"),
        (-0.5, False, "−0.500"),
        (0.5, False, "0.500"),
    ],
)
def test_signs(value: float, signed: bool, text: str) -> None:
    entry = (value, None, None)
    assert Measure("x", "", entry, entry, signed=signed).written(entry) == text


def test_what_stands_behind_the_leakage_is_told(numbers: dict[str, Any]) -> None:
    split = {
        **numbers["splits"]["test_aligned"],
        "leakage_detail": {
            "p_value": 0.012,
            "against_chance": -0.00123,
            "note": "Few images.",
            "per_artefact": {"ruler": {"value": 0.004, "low": 0.001, "high": 0.007, "p_value": 0.5}},
        },
        "leakage_difference": {"value": -0.02, "low": -0.03, "high": -0.01, "note": "Two cases were left out."},
    }
    (only,) = split_numbers({"splits": {"a": split}}, None, {})
    measures = {entry.name: entry for entry in only.measures}
    assert measures["Leakage"].remark == (
        "Less what chance shows on average: −0.0012 after; the truth lies between. "
        "Chance that artefacts shuffled among the images leak as much: 0.012 after. After: Few images."
    )
    change = measures["Change of leakage"]
    assert (change.written(change.after), change.interval(change.after)) == ("−0.0200", "−0.0300 to −0.0100")
    assert (change.paired, change.remark) == (True, "Two cases were left out.")
    ruler, bubble = only.artefacts
    assert ruler.interval(ruler.after) == "0.0010 to 0.0070"
    assert bubble.interval(bubble.after) == ""


def test_intervals_are_shown_where_they_were_measured(numbers: dict[str, Any]) -> None:
    split = {**numbers["splits"]["test_aligned"], "intervals": {"dice": {"low": 0.7, "high": 0.9}, "auroc": None}}
    given = {"splits": {"test_aligned": split}, "shortcut_gap": 0.2, "shortcut_gap_detail": {"low": -0.1, "high": 0.5}}
    (only,) = split_numbers(given, None, {})
    measures = {entry.name: entry for entry in only.measures}
    assert measures["Dice"].interval(measures["Dice"].after) == "0.700 to 0.900"
    assert measures["AUROC"].interval(measures["AUROC"].after) == ""
    both = gap(given, None)
    assert both.interval(both.after) == "−0.100 to +0.500"


def test_an_interval_without_any_width_is_no_certainty() -> None:
    (only,) = split_numbers(
        {"splits": {"a": {"cases": 3, "dice": 0.5, "intervals": {"dice": {"low": 0.5, "high": 0.5}}}}}, None, {}
    )
    dice = next(entry for entry in only.measures if entry.name == "Dice")
    assert dice.interval(dice.after) == "no spread seen"
