"""Planning from the command line."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from napari_unlearn.data.dataset import Dataset
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


def test_a_failure_is_one_sentence(refused: Callable[..., str], sample: Dataset, model: Path) -> None:
    assert "spends no budget" in refused("plan", sample.root, model, "--operator", "exact-refit", "--json")


def test_a_plan_for_an_operator_without_one_is_refused(
    refused: Callable[..., str], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    sentence = refused("unlearn", sample.root, model, "--out", tmp_path / "run", "--plan")
    assert "exact-refit has no numbers that a plan could choose" in sentence
    assert not (tmp_path / "run").exists()
