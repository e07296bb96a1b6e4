"""Two programs on one project or one model at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.project import Project
from napari_unlearn.project.audit_trail import verify_trail

HERE = Path(__file__).parent
ROUNDS = 3
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="The workers fork.")


@pytest.fixture(scope="module")
def pair(sample: Dataset, model: Path, encoder_file: Path) -> Any:
    """Two workers, see `worker.py`."""
    command = [sys.executable, str(HERE / "worker.py"), str(sample.root), str(model), str(encoder_file)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    yield workers
    for worker in workers:
        worker.communicate()


def together(pair: Any, *orders: dict[str, Any]) -> list[tuple[int, list[str]]]:
    """Give each an order, and return how each ended and what it said."""
    for worker, order in zip(pair, orders, strict=True):
        worker.stdin.write(json.dumps({"place": 0, **order}) + "\n")
        worker.stdin.flush()
    ended = []
    for worker in pair:
        said: list[str] = []
        for line in worker.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "ended":
                ended.append((int(rest), said))
                break
            said.append(rest)
    return ended


def test_two_runs_that_end_in_the_same_moment_are_charged_for_each_other(
    pair: Any, tmp_path: Path, record: Any
) -> None:
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        orders = ({"what": "unlearn", "folder": str(folder), "out": name} for name in "ab")
        assert [status for status, _ in together(pair, *orders)] == [0, 0]
        attempts = sorted(read_certificate(folder / name).attempts for name in "ab")
        assert record.count("two processes", "unlearn on one model", attempts == [1, 2]), attempts
        assert verify_run(folder / "a") == verify_run(folder / "b") == []
        assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]


def test_two_runs_with_one_name_make_one_run(pair: Any, tmp_path: Path, record: Any) -> None:
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        ended = together(pair, *[{"what": "unlearn", "folder": str(folder), "out": "same"}] * 2)
        assert sorted(status for status, _ in ended) == [0, 1]
        (sentence,) = next(said for status, said in ended if status == 1)
        assert "same exists already; choose a new folder for the run." in sentence
        assert record.count("two processes", "unlearn with one name", verify_run(folder / "same") == [])
        assert [path.name for path in folder.iterdir()] == ["same"]


def test_of_two_that_open_a_project_one_may_write_and_nothing_is_mixed(
    pair: Any, painted: Dataset, record: Any
) -> None:
    coarse, told = painted.case("a").coarse(), 0
    for _ in range(ROUNDS):
        ended = together(pair, *[{"what": "paint", "folder": str(painted.root), "first": told}] * 2)
        strokes = [line for _, said in ended for line in said if line.isdigit()]
        refused = [line for status, said in ended if status == 1 for line in said]
        assert all("is open in another window" in line or "has just opened" in line for line in refused), refused
        assert len(refused) <= 1
        told = max(int(stroke) for stroke in strokes) + 1
        with Project(open_dataset(painted.root)) as project:
            project.select("a")
            assert project.editing is not None
            kept = int((coarse - project.editing.fine).sum()) == told
        assert verify_trail(painted.root).failures == ()
        assert np.all(project.dataset.case("a").fine() <= coarse)
        assert record.count("two processes", "painting in one project", kept)
