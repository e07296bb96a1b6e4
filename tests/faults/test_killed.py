"""SIGKILL at random places of saving a project, replacing a model and unlearning: a hundred kills, nothing lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.files import sha256_file
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.models.checkpoint import WEIGHTS, load_segmenter
from napari_unlearn.project import Project
from napari_unlearn.project.audit_trail import verify_trail

Worker = Callable[..., tuple[int, list[str]]]
PAINTING, REPLACING, UNLEARNING, COMPUTING = 40, 15, 35, 10
KILLED = -9
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="The worker forks.")


def places(worker: Worker, what: str, folder: Path, **more: Any) -> int:
    """Do something to its end, and count the places where it can be killed."""
    status, said = worker(what, folder, **more)
    assert status == 0, said
    return int(said[-1].split()[1])


def test_a_project_that_is_killed_while_it_saves_keeps_every_stroke_and_note(
    worker: Worker, painted: Dataset, record: Any
) -> None:
    rng = np.random.default_rng(0)
    expected = painted.case("a").coarse()
    told, noted, end = 0, -1, places(worker, "paint", painted.root, first=0)
    told, noted = 2, 0
    for _ in range(PAINTING):
        status, said = worker("paint", painted.root, int(rng.integers(1, end + 1)), first=told)
        assert status in (KILLED, 0), said
        first = told
        for line in said:
            told = int(line) + 1 if line.isdigit() else told
            noted = int(line.split()[1]) if line.startswith("note") else noted
        with Project(open_dataset(painted.root)) as project:
            assert project.read_only == ""
            project.select("a")
            assert project.editing is not None
            done = int((expected - project.editing.fine).sum())
            note = project.notes.of("a").note
            kept = told <= done <= told + 1 and note in (f"seen {noted} times", f"seen {first} times")
        # A line that was being written is no line yet; the next one that is written says so.
        assert [text for text in verify_trail(painted.root).failures if "is not finished" not in text] == []
        assert record.count("killed (SIGKILL)", "saving a project", kept), (said, done, note)
        told = done


def test_a_model_that_is_being_replaced_is_the_old_one_or_the_new_one(
    worker: Worker, model: Path, tmp_path: Path, record: Any
) -> None:
    rng = np.random.default_rng(1)
    folder = tmp_path / "models"
    shutil.copytree(model, folder / "model")
    old, end = sha256_file(model / WEIGHTS), places(worker, "train", folder)
    new = sha256_file(folder / "model" / WEIGHTS)
    assert new != old
    seen = set()
    # Every place once, and then some at random: in between the two files is where it would hurt.
    chosen = [*range(1, end + 1), *(int(place) for place in rng.integers(1, end + 1, REPLACING))][:REPLACING]
    for place in chosen:
        shutil.rmtree(folder)
        shutil.copytree(model, folder / "model")
        status, said = worker("train", folder, place)
        assert status == KILLED, said
        load_segmenter(folder / "model")
        digest = sha256_file(folder / "model" / WEIGHTS)
        assert record.count("killed (SIGKILL)", "train --overwrite", digest in (old, new))
        seen.add(digest)
    assert seen == {old, new}
    assert places(worker, "train", folder) == end
    assert [path.name for path in folder.iterdir()] == ["model"]


def test_unlearning_that_is_killed_leaves_whole_runs_only_and_charges_each_once(
    worker: Worker, model: Path, tmp_path: Path, record: Any
) -> None:
    rng = np.random.default_rng(2)
    digest, end = sha256_file(model / WEIGHTS), places(worker, "unlearn", tmp_path, out="first")
    drawn = [{"place": int(place)} for place in rng.integers(1, end + 1, UNLEARNING)]
    drawn += [{"seconds": float(seconds)} for seconds in rng.uniform(0.001, 0.3, COMPUTING)]
    for number, moment in enumerate(drawn):
        before = whole(tmp_path)
        status, said = worker("unlearn", tmp_path, out=f"run-{number}", **moment)
        assert status in (KILLED, 0), said
        kept = whole(tmp_path) - {f"run-{number}"} == before and sha256_file(model / WEIGHTS) == digest
        assert record.count("killed (SIGKILL)", "unlearn", kept)
    published = len(whole(tmp_path))
    # The next one is not kept waiting by a lock of the dead, and counts what can be seen, each once.
    assert worker("unlearn", tmp_path, out="last")[0] == 0
    assert read_certificate(tmp_path / "last").attempts == 1 + published


def whole(runs: Path) -> set[str]:
    """Names of the runs that can be seen; each of them must pass every check."""
    found = {path.name for path in runs.iterdir() if not path.name.startswith(".") and path.is_dir()}
    assert {name: failures for name in found if (failures := verify_run(runs / name))} == {}
    return found
