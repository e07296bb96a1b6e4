"""The job that fills the table of a benchmark: whatever is missing, by several processes, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from napari_unlearn.benchmark.ground import Source
from napari_unlearn.benchmark.results import Results
from napari_unlearn.benchmark.row import Trial
from napari_unlearn.benchmark.worker import Broken, Finished, Worker
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.token import Token


@dataclass(frozen=True)
class BenchmarkRequest:
    """What to measure.

    Attributes
    ----------
    table : Path
        The file that rows are added to.
    trials : tuple of Trial
        All of them, also those that the file has already.
    source : Source
        Where cases come from.
    encoder : str
        As `train --encoder` takes it.
    size : int
        Long side of the working grid.
    workers : int
        Processes.
    """

    table: Path
    trials: tuple[Trial, ...]
    source: Source
    encoder: str
    size: int
    workers: int


@dataclass(frozen=True)
class BenchmarkResult:
    """What was done.

    Attributes
    ----------
    table : Path
        The file.
    measured, found : int
        Trials that were measured now, and those that were in the file before.
    left : int
        Trials that are still missing, because the job was stopped.
    failures : int
        Rows of these trials that say why there is no model, or what is wrong with it.
    seconds : float
        Wall clock.
    """

    table: Path
    measured: int
    found: int
    left: int
    failures: int
    seconds: float


@guarded
def events(request: BenchmarkRequest, token: Token) -> Iterator[Event]:
    """Measure what is missing.

    Parameters
    ----------
    request : BenchmarkRequest
        What to do.
    token : Token
        To stop (so does Ctrl+C) or to cancel. Whole rows stay, and the same request goes on from there.

    Yields
    ------
    Event
        Progress, one a row, then `Done` with a `BenchmarkResult`.
    """
    results, clock = Results(request.table), Clock(token)
    missing = [trial for trial in request.trials if trial not in results]
    total = len(missing)
    yield Progress(0, total, "Starting")
    done = 0
    waiting = grounds(missing)
    workers: dict[object, Worker] = {}
    try:
        for _ in range(min(request.workers, len(waiting))):
            worker = Worker(request.source, request.encoder, request.size)
            worker.give(next_ground(waiting, worker.seed, {each.seed for each in workers.values()}))
            workers[worker.pipe] = worker
        while workers:
            # Looks up now and then, so that a job that is cancelled ends before the next row.
            for ready in wait([worker.pipe for worker in workers.values()], timeout=1):
                worker = workers[ready]
                match worker.answer():
                    case Broken(sentence, expected):
                        raise UserError(sentence) if expected else RuntimeError(sentence)
                    case Finished() if waiting:
                        worker.give(next_ground(waiting, worker.seed, {each.seed for each in workers.values()}))
                    case Finished():
                        workers.pop(ready).end()
                    case list(rows):
                        results.add(rows)
                        done += 1
                        trial = rows[-1].trial
                        message = f"{done} of {total}: {trial.model}, seed {trial.seed}"
                        yield Progress(done, total, message, clock.remaining(done, total))
            if token.cancelled or token.stopping:
                break
    except KeyboardInterrupt:
        pass  # what was measured is the result; only the rest is left
    finally:
        for worker in workers.values():
            worker.end()
    wanted = set(request.trials)
    failures = sum(bool(row.numbers.failure) for row in results.rows if row.trial in wanted)
    yield Done(BenchmarkResult(request.table, done, len(request.trials) - total, total - done, failures, clock.elapsed))


def grounds(trials: Sequence[Trial]) -> list[list[Trial]]:
    """Put trials of one ground together.

    Parameters
    ----------
    trials : sequence of Trial
        Any.

    Returns
    -------
    list of list of Trial
        In the order in which each ground first occurs.
    """
    found: dict[tuple[int, float | None, int], list[Trial]] = {}
    for trial in trials:
        found.setdefault(trial.ground, []).append(trial)
    return list(found.values())


def next_ground(waiting: list[list[Trial]], seed: int | None, busy: set[int | None]) -> list[Trial]:
    """Take out what a worker should do next.

    Parameters
    ----------
    waiting : list of list of Trial
        At least one; what is returned is removed.
    seed : int or None
        Whose images the worker has; it keeps to them if it can.
    busy : set of int or None
        Seeds whose images another worker draws anyway.

    Returns
    -------
    list of Trial
    """
    chosen = min(
        range(len(waiting)), key=lambda i: (waiting[i][0].seed != seed, waiting[i][0].seed in busy - {seed}, i)
    )
    return waiting.pop(chosen)
