"""The tables of what was forgotten."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result
from rich.console import Console

from napari_unlearn.cli.forgetting import forgetting_tables
from napari_unlearn.data.dataset import Dataset


def test_forgetting_is_measured_against_other_models(
    told: Callable[..., dict[str, Any]], sample: Dataset, model: Path, run: Path
) -> None:
    options = ("--before", model, "--retrained", run / "model", "--split", "test_aligned", "--counterfactuals", "0")
    found = told("evaluate", sample.root, run / "model", *options)["forgetting"]
    assert found["models"].keys() == {"before", "after", "retrained"}
    assert found["models"]["after"]["membership"]["unseen"] > 0
    screen = io.StringIO()
    for grid in forgetting_tables(found):
        Console(width=160, file=screen).print(grid)
    text = screen.getvalue()
    for words in ("Before", "Retrained", "best threshold", "by chance alone", "after and retrained", "CKA of scores"):
        assert words in text


def test_people_see_what_one_model_remembers(type_: Callable[..., Result], sample: Dataset, model: Path) -> None:
    options = ("--forgetting", "--split", "test_aligned", "--counterfactuals", "0")
    result = type_("evaluate", sample.root, model, *options)
    assert result.exit_code == 0
    assert "Forgotten labels still given" in result.stdout
    assert "How far apart" not in result.stdout


def test_a_number_that_is_missing_is_a_dash() -> None:
    nothing = dict.fromkeys(
        ("forget_agreement", "unseen_agreement", "retain_accuracy", "test_accuracy", "calibration_error", "membership")
    )
    found = {"models": {"after": nothing}, "pairs": {}, "adaptive_unlearning_score": None}
    (grid,) = forgetting_tables(found)
    screen = io.StringIO()
    Console(width=80, file=screen).print(grid)
    assert screen.getvalue().count(" - ") == 5
    assert "Attack" not in screen.getvalue()
