"""Killing the program at any moment loses at most the stroke under way."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.decode import read_mask
from napari_unlearn.project import Project
from napari_unlearn.project.audit_trail import verify_trail
from napari_unlearn.project.history import ARTEFACTS, FINE, Step
from napari_unlearn.project.journal import Journal, Reading, Record, read_journal
from napari_unlearn.project.recovery import Recovered, sentence, unsettled
from napari_unlearn.project.replay import base, difference, saved

KILLS = 50
PAINTER = Path(__file__).with_name("crashing.py")
PAINT = runpy.run_path(str(PAINTER), run_name="painter")


@pytest.fixture
def painter() -> Iterator[subprocess.Popen[str]]:
    """A process that paints when asked."""
    with subprocess.Popen(
        [sys.executable, str(PAINTER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def paint_and_kill(painter: subprocess.Popen[str], root: Path, first: int, delay: float) -> int:
    """Let it paint, kill it, and return how many strokes it had called done."""
    assert painter.stdin is not None
    assert painter.stdout is not None
    painter.stdin.write(f"{root} a {first}\n")
    painter.stdin.flush()
    pid = int(painter.stdout.readline().split()[1])
    line = painter.stdout.readline()
    assert int(line) == first, "It did not go on from where it was."
    time.sleep(delay)
    os.kill(pid, signal.SIGKILL)
    while line != "dead\n":
        done, line = line, painter.stdout.readline()
    return int(done) + 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="The painter forks.")
def test_a_program_killed_in_the_middle_of_strokes_loses_at_most_the_one_under_way(
    dataset: Dataset, painter: subprocess.Popen[str]
) -> None:
    rng = np.random.default_rng(0)
    expected = dataset.case("a").coarse()
    strokes = 0
    for _ in range(KILLS):
        done = paint_and_kill(painter, dataset.root, strokes, rng.uniform(0, 0.02))
        with Project(open_dataset(dataset.root)) as project:
            project.select("a")
            assert project.editing is not None
            while strokes < done or (strokes == done and not np.array_equal(project.editing.fine, expected)):
                for part in PAINT["stroke"](strokes, expected):
                    PAINT["paint"](strokes, expected, part)
                strokes += 1
            assert strokes in (done, done + 1)
            assert np.array_equal(project.editing.fine, expected)
            assert project.status("a") == "in progress"
        assert np.array_equal(read_mask(dataset.root / "fine" / "a.png"), expected)
        assert verify_trail(dataset.root).failures == ()
    with Project(open_dataset(dataset.root)) as project:
        project.select("a")
        assert project.editing is not None
        for _ in range(strokes):
            assert project.undo() is not None
        assert project.undo() is None
        assert np.array_equal(project.editing.fine, dataset.case("a").coarse())


def test_only_journals_that_go_on_after_their_masks_are_looked_at(dataset: Dataset) -> None:
    with Project(dataset) as project:
        project.select("a")
        assert project.editing is not None
        project.editing.fine[5] = 0
        project.save_stroke()
        project.select("b")
        assert project.editing is not None
        project.editing.fine[7] = 0
        project.save_stroke()
    folder = dataset.root / "unlearn-runs" / "journal"
    assert list(unsettled(folder)) == []
    journal = Journal(folder / "b.journal", read_journal(folder / "b.journal"))
    journal.append(Record({"do": "undo"}))
    journal.file.close()
    assert list(unsettled(folder)) == ["b"]
    with (folder / "a.journal").open("ab") as stream:
        stream.write(b"\nREC")
    assert list(unsettled(folder)) == ["a", "b"]


def test_an_undone_artefact_is_looked_at_even_where_the_fine_mask_was_written_since(dataset: Dataset) -> None:
    journal = Journal(dataset.root / "unlearn-runs" / "journal" / "a.journal", Reading())
    step = Step("ruler", ARTEFACTS, difference(np.zeros((20, 30), np.uint8), np.eye(20, 30, dtype=np.uint8)))
    journal.append(base(FINE, b"", (20, 30), 1), base(ARTEFACTS, b"", (20, 30), 2), step.record("noon"))
    journal.append(Record({"do": "undo"}), saved(FINE, 4))
    journal.file.close()
    assert list(unsettled(journal.file.path.parent)) == ["a"]


def test_what_was_recovered_is_said_in_a_sentence() -> None:
    assert sentence(()) == ""
    said = sentence((Recovered("a", 1, torn=False), Recovered("b", 3, torn=True)))
    assert "a (1 step), b (3 steps)" in said
    assert "under way was lost on b." in said
    assert "recovered" not in sentence((Recovered("a", 0, torn=True),))
