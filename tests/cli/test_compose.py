"""Composing from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from napari_unlearn.data.dataset import Dataset


@pytest.fixture
def arguments(sample: Dataset, run: Path, tmp_path: Path) -> tuple[object, ...]:
    return "compose", sample.root, run, run, "--out", tmp_path / "out", "--device", "cpu"


def test_it_tells_every_candidate_the_rule_and_the_choice(
    type_: Callable[..., Result], arguments: tuple[object, ...]
) -> None:
    result = type_(*arguments)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 11 + 3
    assert lines[0].startswith("0% of the second run: Dice 0.")
    assert lines[11].startswith("Of the candidates whose Dice is within 0.01 of the best")
    assert lines[12] == "Chosen: 0% of the second run (exact)."


def test_its_object_says_what_was_made(told: Callable[..., dict[str, Any]], arguments: tuple[object, ...]) -> None:
    numbers = told(*arguments)
    assert (numbers["operator"], numbers["tier"], numbers["epsilon"]) == ("compose", "exact", 0)
    assert numbers["chosen"] == "0% of the second run"
    assert 0 < numbers["dice"] <= 1
    assert 0 <= numbers["artefacts_left"] < 1
    assert Path(numbers["model"]).is_dir()


def test_what_cannot_be_is_refused_in_one_sentence(refused: Callable[..., str], arguments: tuple[object, ...]) -> None:
    assert "a head is a single layer" in refused(*arguments, "--method", "exchange")
