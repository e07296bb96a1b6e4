"""A process that measures for another one; the process itself is in test_job.py."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch

from napari_unlearn.benchmark.row import COARSE, Trial
from napari_unlearn.benchmark.synthetic import SyntheticSource
from napari_unlearn.benchmark.worker import Broken, Finished, serve
from napari_unlearn.errors import UserError


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def served(source: Any, encoder: str) -> tuple[Connection[Any, Any], threading.Thread]:
    mine, theirs = Pipe()
    thread = threading.Thread(target=serve, args=(theirs, source, encoder, 64))
    thread.start()
    return mine, thread


@pytest.mark.usefixtures("threads")
def test_it_answers_each_trial_and_ends_with_the_pipe(encoder_file: Path, trial: Trial) -> None:
    pipe, thread = served(SyntheticSource(4, 64), str(encoder_file))
    asked = [Trial("s", "e", 4, 64, 3, 0.95, seed, "box", None, None, COARSE) for seed in (0, 1)]
    for each in asked:
        pipe.send([each])
        (row,) = pipe.recv()
        assert row.trial == each
        assert row.numbers.dice_aligned is not None
        assert isinstance(pipe.recv(), Finished)
    pipe.close()
    thread.join(timeout=60)
    assert not thread.is_alive()


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def ground(self, classes: int, correlation: float | None, seed: int) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UserError("The disk is gone; fetch it."), Broken("The disk is gone; fetch it.", expected=True)),
        (KeyError("x"), Broken("KeyError: 'x'", expected=False)),
    ],
)
@pytest.mark.usefixtures("threads")
def test_what_goes_wrong_is_told_to_the_other_process(
    encoder_file: Path, trial: Trial, error: Exception, said: Broken
) -> None:
    pipe, thread = served(Failing(error), str(encoder_file))
    pipe.send([trial])
    assert pipe.recv() == said
    thread.join(timeout=60)


@pytest.mark.usefixtures("threads")
def test_it_watches_the_process_that_started_it_from_the_first_moment(
    encoder_file: Path, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("napari_unlearn.benchmark.worker.end_with_parent", lambda: asked.append("to end with it"))
    pipe, thread = served(SyntheticSource(4, 64), str(encoder_file))
    pipe.close()
    thread.join(timeout=60)
    assert asked == ["to end with it"]
