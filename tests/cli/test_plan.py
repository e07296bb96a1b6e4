"""Planning from the command line."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rich.console import Console

from napari_unlearn.cli.plan import table
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.predicted import Expected, PlanPoint, PlanResult
from napari_unlearn.jobs.run_folder import read_certificate, verify_run

SMALL = [
    *("--setting", "pixels=40", "--setting", "background_pixels=20"),
    *("--draws", "1", "--cases", "4", "--device", "cpu"),
]


def test_the_planned_command_runs_and_is_certified(
    told: Callable[..., dict[str, Any]], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    options = ["--operator", "gradient-clipping", "--epsilon", "2", "--delta", "1e-6", *SMALL]
    result = told("plan", sample.root, model, *options)
    (point,) = result["points"]
    assert (point["epsilon"], result["delta"], result["splits"]) == (
        2,
        1e-6,
        {"test_aligned": 4, "test_conflicting": 4},
    )
    words = shlex.split(point["command"])
    words[words.index("RUN")] = str(tmp_path / "run")
    told(*words[1:])
    record = read_certificate(tmp_path / "run")
    assert verify_run(tmp_path / "run") == []
    assert (record.epsilon, record.delta) == (2, 1e-6)
    for name in ("initial_radius", "gradient_radius", "step_size", "decay", "steps", "finetune"):
        assert record.parameters[name] == point["settings"][name]


def test_people_see_a_table_how_it_was_made_and_what_to_type(
    type_: Callable[..., Result], sample: Dataset, model: Path
) -> None:
    result = type_("plan", sample.root, model, "--epsilon", "1", "--operator", "gradient-clipping", *SMALL)
    assert result.exit_code == 0, result.stderr
    for words in (
        "exact-refit",
        "gradient-clipping",
        "same recipe from the public start",
        "costs no budget",
        "4 cases of test_aligned",
    ):
        assert words in result.stdout
    assert result.stdout.rstrip().splitlines()[-1].startswith(f"napari-unlearn unlearn {sample.root}")
    assert result.stdout.rstrip().endswith("--plan")


def test_a_narrow_terminal_cuts_no_number_short(capsys: pytest.CaptureFixture[str]) -> None:
    found = Expected(0.931, 0.012, 0.0021, 0.0013)
    point = PlanPoint("output-perturbation", 0.001, True, {}, 1.2e-5, 1.0, found, found)
    result = PlanResult(Path("study"), Path("coarse"), 1e-5, 0, {}, 3, {"test": 40}, True, found, (point,))
    Console(width=80).print(table(result))
    printed = capsys.readouterr().out
    for words, times in (("output-perturbation", 1), (" 0.001 ", 1), ("0.0012 %", 1), ("0.931", 3), ("0.0021", 3)):
        assert printed.count(words) == times
    assert (printed.count("0.012 "), printed.count("0.0013")) == (3, 3)


def test_a_failure_is_one_sentence(refused: Callable[..., str], sample: Dataset, model: Path) -> None:
    assert "spends no budget" in refused("plan", sample.root, model, "--operator", "exact-refit", "--json")


def test_a_plan_for_an_operator_without_one_is_refused(
    refused: Callable[..., str], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    sentence = refused("unlearn", sample.root, model, "--out", tmp_path / "run", "--plan")
    assert "exact-refit has no numbers that a plan could choose" in sentence
    assert not (tmp_path / "run").exists()
