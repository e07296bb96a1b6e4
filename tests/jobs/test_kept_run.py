"""Going on with a run that was killed."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs import kept_run as module
from napari_unlearn.jobs.events import Event, Progress
from napari_unlearn.jobs.kept_run import kept_file
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.unlearn import UnlearnRequest, events
from napari_unlearn.leftovers import unfinished_name
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.ball import HIDING
from napari_unlearn.privacy.noise import OperatingSystemNoise

Finish = Callable[[Iterable[Event]], Any]

KILLED = """
import os, signal, sys
from pathlib import Path
from napari_unlearn.jobs import kept_run
from napari_unlearn.jobs.events import Progress
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.unlearn import UnlearnRequest, events
kept_run.EVERY = 0.0
dataset, model, out = map(Path, sys.argv[1:])
request = UnlearnRequest(
    dataset, model, out, "gradient-clipping", device="cpu", settings={"pixels": 40, "steps": 5, "finetune": 2}
)
for event in events(request, Token()):
    if isinstance(event, Progress) and event.message.startswith("Hiding") and event.done == 3:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def request_(sample: Dataset, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UnlearnRequest:
    monkeypatch.setattr(module, "EVERY", 0.0)
    settings = {"pixels": 40, "steps": 5, "finetune": 2}
    return UnlearnRequest(
        sample.root, model, tmp_path / "runs" / "first", "gradient-clipping", device="cpu", settings=settings
    )


def interrupt(request: UnlearnRequest, after: int) -> None:
    """Let a run get so far and no further."""
    job = events(request, Token())
    assert any(isinstance(e, Progress) and e.message == HIDING and e.done == after for e in job)
    job.close()  # type: ignore[attr-defined]


def going_on(request: UnlearnRequest, **changes: Any) -> Iterable[Event]:
    return events(dataclasses.replace(request, resume=True, **changes), Token())


def drawn(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Standard deviation of every draw from now on."""
    asked: list[float] = []
    plain = OperatingSystemNoise.gaussian

    def counted(self: OperatingSystemNoise, shape: Any, sigma: float) -> Any:
        asked.append(sigma)
        return plain(self, shape, sigma)

    monkeypatch.setattr(OperatingSystemNoise, "gaussian", counted)
    return asked


def weights(folder: Path) -> np.ndarray:
    segmenter = load_segmenter(folder / "model")
    assert isinstance(segmenter, HeadSegmenter)
    return segmenter.head.weights


@pytest.mark.parametrize("operator", ["gradient-clipping", "model-clipping"])
def test_only_the_steps_that_were_lost_are_done_again_and_charged_once(
    operator: str, request_: UnlearnRequest, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_ = dataclasses.replace(request_, operator=operator)
    interrupt(request_, after=3)
    assert kept_file(request_.out).is_file()
    asked = drawn(monkeypatch)
    finish(going_on(request_))
    assert len(asked) == 2
    whole = dataclasses.replace(request_, out=request_.out.parent.parent / "alone" / "whole")
    finish(events(whole, Token()))
    assert len(asked) == 2 + 5
    made, expected = read_certificate(request_.out), read_certificate(whole.out)
    assert (made.epsilon, made.delta, made.mu) == (expected.epsilon, expected.delta, expected.mu)
    assert made.attempts == 1
    assert any("interrupted once and went on after step 3 of 5" in a.checked for a in made.assumptions)
    assert not any("interrupted" in a.checked for a in expected.assumptions)
    assert verify_run(request_.out) == []
    assert not kept_file(request_.out).exists()


def test_a_run_that_goes_on_draws_fresh_noise(request_: UnlearnRequest, finish: Finish) -> None:
    interrupt(request_, after=4)
    other = dataclasses.replace(request_, out=request_.out.with_name("second"))
    shutil.copyfile(kept_file(request_.out), kept_file(other.out))
    finish(going_on(request_))
    finish(going_on(other))
    assert not np.allclose(weights(request_.out), weights(other.out), rtol=1e-3)


def test_what_nobody_has_seen_is_not_charged(request_: UnlearnRequest, finish: Finish) -> None:
    interrupt(request_, after=5)
    finish(events(dataclasses.replace(request_, out=request_.out.with_name("second")), Token()))
    assert read_certificate(request_.out.with_name("second")).attempts == 1


def test_a_run_can_be_interrupted_again(request_: UnlearnRequest, finish: Finish) -> None:
    interrupt(request_, after=1)
    job = going_on(request_)
    assert any(isinstance(e, Progress) and e.message == HIDING and e.done == 2 for e in job)
    finish(going_on(request_))
    (said,) = [a.checked for a in read_certificate(request_.out).assumptions if "interrupted" in a.checked]
    assert said.startswith("The run was interrupted 2 times and went on after step 2 of 5")


def test_with_nothing_kept_a_run_begins(request_: UnlearnRequest, finish: Finish) -> None:
    finish(going_on(request_))
    assert not any("interrupted" in a.checked for a in read_certificate(request_.out).assumptions)


def test_a_run_that_was_cancelled_keeps_nothing(request_: UnlearnRequest) -> None:
    token = Token()
    for event in events(request_, token):
        if isinstance(event, Progress) and event.message == HIDING and event.done == 3:
            assert kept_file(request_.out).is_file()
            token.cancel()
    assert not kept_file(request_.out).exists()


def test_what_was_kept_for_another_request_is_refused(
    request_: UnlearnRequest, failure: Callable[[Iterable[Event]], str]
) -> None:
    interrupt(request_, after=2)
    assert "asked for something else: epsilon differ." in failure(going_on(request_, epsilon=2.0))
    assert kept_file(request_.out).is_file()


def test_a_damaged_state_is_refused(request_: UnlearnRequest, failure: Callable[[Iterable[Event]], str]) -> None:
    interrupt(request_, after=2)
    path = kept_file(request_.out)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert f"{path} is damaged, so the run cannot go on" in failure(going_on(request_))


def test_a_complete_run_is_not_gone_on_with_and_what_was_left_beside_it_goes(
    request_: UnlearnRequest, finish: Finish, failure: Callable[[Iterable[Event]], str]
) -> None:
    interrupt(request_, after=5)
    left = kept_file(request_.out).read_bytes()
    finish(going_on(request_))
    kept_file(request_.out).write_bytes(left)
    assert failure(going_on(request_)) == f"{request_.out} is complete; there is nothing to go on with."
    assert not kept_file(request_.out).exists()


def test_half_a_run_folder_of_a_killed_process_is_cleared_away(request_: UnlearnRequest, finish: Finish) -> None:
    half = request_.out.parent / f".{request_.out.name}.abc.new"
    other = request_.out.parent / ".another.abc.new"
    living = request_.out.parent / unfinished_name(request_.out.name)
    for folder in (half, other, living):
        (folder / "model").mkdir(parents=True)
    finish(going_on(request_))
    assert (half.exists(), other.exists(), living.exists()) == (False, True, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL.")
def test_a_process_that_was_killed_is_gone_on_with(request_: UnlearnRequest, finish: Finish) -> None:
    words = [str(part) for part in (request_.dataset, request_.model, request_.out)]
    ended = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, env={**os.environ})
    assert ended.returncode == -signal.SIGKILL
    assert not request_.out.exists()
    finish(going_on(request_))
    assert verify_run(request_.out) == []
    assert any("after step 3 of 5" in a.checked for a in read_certificate(request_.out).assumptions)
