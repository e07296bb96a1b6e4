"""Injecting faults, and counting them for the table in docs/faults.md."""

from __future__ import annotations

import json
import logging
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from napari_unlearn.cli.main import app
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.encode import write_mask

HERE = Path(__file__).parent
TABLE = "NAPARI_UNLEARN_FAULTS"
"""Environment variable that names a file for the counts."""


@dataclass
class Row:
    """One line of the table."""

    fault: str
    where: str
    times: int = 0
    lost: int = 0


class Record:
    """What was injected, how often, and how often something that had been saved was lost."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def count(self, fault: str, where: str, kept: bool = True, times: int = 1) -> bool:
        """Count an injection, and return whether everything that had been saved was still there."""
        row = next((row for row in self.rows if (row.fault, row.where) == (fault, where)), None)
        if row is None:
            self.rows.append(row := Row(fault, where))
        row.times += times
        row.lost += not kept
        return kept


@pytest.fixture(scope="session")
def record() -> Iterator[Record]:
    kept = Record()
    yield kept
    if TABLE in os.environ:
        Path(os.environ[TABLE]).write_text(json.dumps([asdict(row) for row in kept.rows]), encoding="utf-8")


@pytest.fixture(scope="session")
def at() -> dict[str, Any]:
    """Names of `disk.py`."""
    return runpy.run_path(str(HERE / "disk.py"), run_name="disk")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Callable[..., str]:
    """A function that types a command, and returns "" where it succeeds and else the one sentence that it must say."""
    monkeypatch.setenv("COLUMNS", "400")

    def run(*arguments: object) -> str:
        caplog.clear()
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exit_code == 0:
            return ""
        assert isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == 1
        assert result.stdout == ""
        # What the command line would print of the log, tracebacks above all.
        assert [entry for entry in caplog.records if entry.levelno >= logging.ERROR] == []
        (sentence,) = result.stderr.strip().splitlines()
        assert sentence.endswith(".")
        return sentence

    return run


@pytest.fixture
def painted(tmp_path: Path) -> Dataset:
    """Two cases of 20 x 30 pixels without fine masks."""
    root = tmp_path / "dataset"
    (root / "images").mkdir(parents=True)
    coarse = np.zeros((20, 30), np.uint8)
    coarse[4:16, 5:25] = 1
    for case_id in "ab":
        Image.new("RGB", (30, 20), (200, 150, 130)).save(root / "images" / f"{case_id}.png")
        write_mask(root / "coarse" / f"{case_id}.png", coarse)
    return open_dataset(root)


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """A function that copies a folder to a new place."""
    made = []

    def copy(folder: Path) -> Path:
        made.append(folder)
        return Path(shutil.copytree(folder, tmp_path / f"copy-{len(made)}" / folder.name))

    return copy


@pytest.fixture(scope="module")
def worker(sample: Dataset, model: Path, encoder_file: Path) -> Iterator[Callable[..., tuple[int, list[str]]]]:
    """A function that has a copy of a warmed-up program do something, and returns how it ended and what it said."""
    command = [sys.executable, str(HERE / "worker.py"), str(sample.root), str(model), str(encoder_file)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def ask(what: str, folder: Path, place: int = 0, **more: Any) -> tuple[int, list[str]]:
            stdin.write(json.dumps({"what": what, "folder": str(folder), "place": place, **more}) + "\n")
            stdin.flush()
            said = []
            for line in stdout:
                word, _, rest = line.rstrip("\n").partition(" ")
                if word == "ended":
                    return int(rest), said
                said.append(rest)
            raise AssertionError("The worker itself has ended.")

        yield ask
        stdin.close()
