"""Measuring from the command line."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from rich.console import Console

from napari_unlearn.cli.evaluate import table
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.evaluate import Evaluation, SplitEvaluation


def test_json_has_the_keys_of_the_contract(told: Callable[..., dict[str, Any]], sample: Dataset, model: Path) -> None:
    result = told("evaluate", sample.root, model)
    assert result.keys() == {"splits", "shortcut_gap", "shortcut_gap_detail", "pace"}
    assert 0 <= result["pace"]["encoder_seconds"] < result["pace"]["seconds"]
    assert result["splits"].keys() == {"test_aligned", "test_conflicting"}
    for split in result["splits"].values():
        assert split.keys() >= {"dice", "dice_per_class", "auroc", "leakage", "counterfactual_shift", "cases"}
        assert split["leakage"].keys() == {"s_global", "normalised", "low", "high"}
        assert split["cases"] == 20


def test_splits_may_be_named_and_models_compared(
    told: Callable[..., dict[str, Any]], sample: Dataset, model: Path, run: Path
) -> None:
    options = ("--before", model, "--split", "train", "--split", "test_aligned", "--device", "cpu")
    result = told("evaluate", sample.root, run / "model", *options)
    assert result["splits"].keys() == result["before"]["splits"].keys() == {"train", "test_aligned"}


def test_people_see_a_table(type_: Callable[..., Result], sample: Dataset, model: Path, run: Path) -> None:
    result = type_("evaluate", sample.root, run / "model", "--before", model, "--split", "train")
    assert result.exit_code == 0
    for word in ("Before", "After", "train (6)", "Dice", "AUROC", "Leakage", "paired", "which means", "shortcut gap"):
        assert word in result.stdout
    assert "beyond chance" in result.stdout
    assert "of the rate of its bare forward passes" in result.stdout


def test_a_failure_is_one_sentence(refused: Callable[..., str], sample: Dataset, model: Path) -> None:
    assert "'nowhere'" in refused("evaluate", sample.root, model, "--split", "nowhere", "--json")


def test_a_change_is_told_in_numbers_and_words() -> None:
    nothing = SplitEvaluation(3, None, [None], None, None, {}, None, None)
    change: Any = SimpleNamespace(value=-0.02, low=-0.03, high=-0.01, note="The area shrank.")
    screen = io.StringIO()
    evaluation = Evaluation({"a": nothing})
    Console(width=200, file=screen).print(table(evaluation, evaluation, {"a": change}))
    for words in ("-0.0200", "-0.0300 to -0.0100", "less leakage than before", "The area shrank."):
        assert words in screen.getvalue()


@pytest.mark.parametrize("known", [True, False])
def test_what_is_not_known_is_a_dash(known: bool) -> None:
    leakage = {"s_global": 1.0, "normalised": 0.0312, "low": 0.01, "high": 0.05}
    numbers = (0.5, [0.5], 0.75, leakage) if known else (None, [None], None, None)
    split = SplitEvaluation(3, *numbers, {}, None, 0.125 if known else None)
    screen = io.StringIO()
    Console(width=200, file=screen).print(table(Evaluation({"a": split}), None))
    text = screen.getvalue()
    words = ["0.500", "0.750", "0.0312 ", "0.0100 to 0.0500", "+0.125"]
    assert [word in text for word in words] == [known] * 5
    assert text.count(" - ") == (1 if known else 5)


def test_groups_are_told_with_their_counts(type_: Callable[..., Result], sample: Dataset, model: Path) -> None:
    options = ("--split", "test_aligned", "--groups", "ruler, hair", "--counterfactuals", "2")
    result = type_("evaluate", sample.root, model, *options)
    assert result.exit_code == 0
    for words in (
        "AUROC within groups",
        "with ruler",
        "without ruler",
        "with hair",
        "95 % interval",
        "without context",
    ):
        assert words in result.stdout
    assert "with ink" not in result.stdout


def test_a_group_that_is_not_there_is_refused(refused: Callable[..., str], sample: Dataset, model: Path) -> None:
    assert "no column moon" in refused("evaluate", sample.root, model, "--groups", "moon", "--json")


def test_the_numbers_are_written_as_a_table_too(
    told: Callable[..., dict[str, Any]], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    options = ("--split", "test_aligned", "--csv", tmp_path / "metrics.csv")
    result = told("evaluate", sample.root, model, *options)
    lines = (tmp_path / "metrics.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "model,split,cases,measure,value,low,high"
    assert f",test_aligned,20,dice,{result['splits']['test_aligned']['dice']!r},," in lines
