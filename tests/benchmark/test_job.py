"""The job that fills a table."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.benchmark.job import BenchmarkRequest, BenchmarkResult, events, grounds, next_ground
from napari_unlearn.benchmark.results import Results
from napari_unlearn.benchmark.row import Row, Trial
from napari_unlearn.benchmark.synthetic import SyntheticSource
from napari_unlearn.benchmark.worker import Broken, Finished
from napari_unlearn.jobs.events import Done, Failed, Progress
from napari_unlearn.jobs.token import Token


class Bench:
    """Workers that measure at once, in this process."""

    def __init__(self, row: Callable[..., Row], broken: Broken | None = None) -> None:
        self.row, self.broken = row, broken
        self.given: list[Trial] = []

    def __call__(self, *_: Any) -> Bench.Worker:
        return Bench.Worker(self)

    class Worker:
        def __init__(self, bench: Bench) -> None:
            self.bench, self.seed = bench, None
            self.pipe, self.theirs = Pipe()

        def give(self, trials: list[Trial]) -> None:
            self.bench.given += trials
            for trial in trials:
                self.theirs.send([dataclasses.replace(self.bench.row("coarse", 0), trial=trial)])
            self.theirs.send(self.bench.broken or Finished())

        def answer(self) -> Any:
            return self.pipe.recv()

        def end(self) -> None:
            self.pipe.close()


@pytest.fixture
def bench(row: Callable[..., Row], monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(row)
    monkeypatch.setattr("napari_unlearn.benchmark.job.Worker", made)
    return made


@pytest.fixture
def request_(row: Callable[..., Row], tmp_path: Path) -> BenchmarkRequest:
    trials = tuple(row(model, seed).trial for seed in range(3) for model in ("coarse", "exact-refit"))
    return BenchmarkRequest(tmp_path / "table.csv", trials, SyntheticSource(4, 64), "tiny", 64, 2)


def test_every_row_is_written_and_told_with_what_remains(bench: Bench, request_: BenchmarkRequest) -> None:
    *told, last = events(request_, Token())
    assert isinstance(last, Done)
    assert [each.done for each in told if isinstance(each, Progress)] == list(range(7))
    assert all(each.remaining is not None for each in told[1:] if isinstance(each, Progress))
    assert {row.trial for row in Results(request_.table).rows} == set(request_.trials)
    assert isinstance(last.result, BenchmarkResult)
    assert (last.result.measured, last.result.found, last.result.left, last.result.failures) == (6, 0, 0, 0)


def test_what_the_table_has_is_not_measured_again(
    bench: Bench, request_: BenchmarkRequest, row: Callable[..., Row]
) -> None:
    Results(request_.table).add([row("coarse", 1), row("exact-refit", 2, failure="It collapsed.")])
    result = ended(events(request_, Token()))
    assert set(bench.given) == set(request_.trials) - {row("coarse", 1).trial, row("exact-refit", 2).trial}
    assert (result.measured, result.found, result.failures) == (4, 2, 1)
    assert ended(events(request_, Token())).measured == 0


def test_a_job_that_is_stopped_keeps_its_rows_and_says_what_is_left(bench: Bench, request_: BenchmarkRequest) -> None:
    token, told = Token(), []
    for event in events(request_, token):
        told.append(event)
        if isinstance(event, Progress) and event.done == 2:
            token.stop()
    result = ended(iter(told))
    assert result.left == 6 - result.measured > 0
    assert len(Results(request_.table).rows) == result.measured


def test_a_worker_that_cannot_go_on_ends_the_job_with_its_sentence(bench: Bench, request_: BenchmarkRequest) -> None:
    bench.broken = Broken("There is no oracle; make one.", expected=True)
    *_, last = events(request_, Token())
    assert isinstance(last, Failed)
    assert last.sentence == "There is no oracle; make one."
    assert Results(request_.table).rows


def ended(told: Any) -> BenchmarkResult:
    """Result of a job that was done."""
    *_, last = told
    assert isinstance(last, Done), last
    assert isinstance(last.result, BenchmarkResult)
    return last.result


def test_trials_of_one_ground_go_together(row: Callable[..., Row]) -> None:
    trials = [row("coarse", 0).trial, row("coarse", 1).trial, row("exact-refit", 0).trial]
    assert grounds(trials) == [[trials[0], trials[2]], [trials[1]]]


def test_a_worker_keeps_to_its_seed_and_else_takes_one_that_nobody_has(row: Callable[..., Row]) -> None:
    def waiting() -> list[list[Trial]]:
        return [[row("coarse", seed, correlation=c).trial] for seed, c in ((0, 0.6), (1, 0.6), (2, 0.6), (1, 0.7))]

    assert next_ground(waiting(), 1, {0, 1})[0].seed == 1
    assert next_ground(waiting(), None, {0, 1})[0].seed == 2
    assert next_ground(waiting(), 7, {0, 1, 2})[0].seed == 0
    left = waiting()
    next_ground(left, 2, {2})
    assert [each[0].seed for each in left] == [0, 1, 1]


def test_a_benchmark_that_was_killed_goes_on_from_there(encoder_file: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    words = ("benchmark", table, "--classes", 3, "--correlation", 0.95, "--coarse", "box", "--fine", 0.5, "--swaps", 2)
    words += ("--swaps", 0, "--seeds", 1, "--cases", 8, "--size", 64, "--encoder", encoder_file, "--workers", 1)
    words += ("--operator", "exact-refit", "--json")
    command = [sys.executable, "-m", "napari_unlearn", *map(str, words)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, start_new_session=True, **quiet) as first:  # type: ignore[call-overload]
        while first.poll() is None and (not table.exists() or table.read_bytes().count(b"\n") < 2):
            time.sleep(0.01)
        os.killpg(first.pid, signal.SIGKILL)
    before = Results(table).rows
    assert before
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert (told["measured"], told["found"]) == (5 - len(before), len(before))
    rows = Results(table).rows
    assert rows[: len(before)] == before
    assert sorted(row.trial.model for row in rows) == ["coarse", "exact-refit", "exact-refit", "oracle", "scratch"]
    assert all(row.numbers.dice_conflicting is not None for row in rows)
