"""The benchmark from the command line; runs of it are in benchmark/test_job.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from napari_unlearn.benchmark.job import BenchmarkRequest, BenchmarkResult
from napari_unlearn.benchmark.results import Results
from napari_unlearn.benchmark.row import Numbers, Row, Trial
from napari_unlearn.jobs.events import Done

TRIAL = Trial("synthetic", "tiny", 12, 64, 3, 0.95, 0, "box", 0.5, 2, "exact-refit")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    Results(tmp_path / "t.csv").add([Row(TRIAL, Numbers("exact", 0.9, 0.8, 0.7, 0.9, 0.8, 0.1, 0.01, 0.1))])
    return tmp_path / "t.csv"


def test_tables_are_printed_without_measuring(
    type_: Callable[..., Result], told: Callable[..., dict[str, Any]], table: Path
) -> None:
    text = type_("benchmark", table, "--tables").stdout
    assert text.startswith("## synthetic: 3 classes")
    assert told("benchmark", table, "--tables") == {"rows": 1, "tables": text, "figures": []}


def test_figures_are_drawn_without_measuring(told: Callable[..., dict[str, Any]], table: Path, tmp_path: Path) -> None:
    (path,) = told("benchmark", table, "--figures", tmp_path / "figures")["figures"]
    assert Path(path).read_text("utf-8").startswith("<?xml")


def test_what_was_typed_is_what_is_measured(
    told: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[BenchmarkRequest] = []

    def events(request: BenchmarkRequest, token: object) -> Iterator[Done]:
        asked.append(request)
        yield Done(BenchmarkResult(request.table, 3, 0, 0, 1, 2.0))

    monkeypatch.setattr("napari_unlearn.benchmark.job.events", events)
    words = (
        "--design grid --classes 2 --correlation 0.7 --coarse box --fine 0.25 --swaps 0 --seeds 2 --operator retrain"
    )
    result = told("benchmark", tmp_path / "t.csv", *words.split(), "--cases", 8, "--size", 64, "--workers", 3)
    assert result == {
        "table": str(tmp_path / "t.csv"),
        "measured": 3,
        "found": 0,
        "left": 0,
        "failures": 1,
        "seconds": 2.0,
    }
    (request,) = asked
    assert request.workers == 3
    assert {trial.model for trial in request.trials} == {"oracle", "coarse", "scratch", "retrain"}
    (retrain, other) = (trial for trial in request.trials if trial.model == "retrain")
    assert retrain == Trial("synthetic", "shipped", 8, 64, 2, 0.7, 0, "box", 0.25, 0, "retrain")
    assert other.seed == 1


def test_a_run_that_was_stopped_says_how_to_go_on(
    type_: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = Done(BenchmarkResult(tmp_path / "t.csv", 3, 0, 4, 0, 2.0))
    monkeypatch.setattr("napari_unlearn.benchmark.job.events", lambda *_: iter([done]))
    result = type_("benchmark", tmp_path / "t.csv", "--operator", "retrain")
    assert result.exit_code == 1
    assert "the same command goes on from there" in result.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--size 65", "multiple of 32"),
        ("--fine 2", "The share 2.0"),
        ("--operator magic", "There is no operator 'magic'"),
        ("--dataset nowhere", "nowhere"),
        ("--dataset nowhere --classes 2", "leave --classes and --correlation out"),
        ("--tables", "holds no row yet"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    refused: Callable[..., str], tmp_path: Path, words: str, sentence: str
) -> None:
    assert sentence in refused("benchmark", tmp_path / "t.csv", *words.split())


def test_another_csv_file_is_left_alone(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("id,split\n", "utf-8")
    assert "is not a table of this benchmark" in refused("benchmark", tmp_path / "metadata.csv", "--tables")
