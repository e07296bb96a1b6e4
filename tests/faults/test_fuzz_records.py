"""Damaged and crafted models, certificates, runs and projects."""

from __future__ import annotations

import json
import random
import runpy
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from safetensors.numpy import load, save

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_file
from napari_unlearn.jobs.certify import earlier_attempts
from napari_unlearn.jobs.live_ledger import LEDGER, live_costs
from napari_unlearn.jobs.provenance import encoder_digest, tensor_groups
from napari_unlearn.jobs.run_folder import CERTIFICATE, EVENTS, METRICS, read_certificate, read_cost, verify_run
from napari_unlearn.models.checkpoint import CARD, WEIGHTS, load_segmenter
from napari_unlearn.models.encoder import find_encoder
from napari_unlearn.project import Project
from napari_unlearn.project.audit_trail import verify_trail
from napari_unlearn.project.journal import HEAD, Record, read_journal
from napari_unlearn.project.runs import list_runs, read_measured
from napari_unlearn.report.facts import read_run

FUZZ = runpy.run_path(str(Path(__file__).with_name("fuzz.py")), run_name="fuzz")
damaged, reworded, text_of = (FUZZ[name] for name in ("damaged", "reworded", "text_of"))
opens_or_says, fuzzed, seeds = (FUZZ[name] for name in ("opens_or_says", "fuzzed", "seeds"))
EXAMPLES = FUZZ["EXAMPLES"]


def fuzz(folder: Path, change: Callable[[int], None], record: Any, where: str, *read: Callable[[], object]) -> int:
    """Change something in a folder in many ways, and read it each time; how many ways it stood."""
    stood = []

    @fuzzed
    @given(seeds)
    def check(seed: int) -> None:
        change(seed)
        for reader in read:
            opens_or_says(reader, folder)
        record.count("damaged or crafted file", where)
        stood.append(seed)

    check()
    return len(stood)


def changed(whole: bytes, seed: int) -> bytes:
    """What a file of JSON says in other words, or its bytes damaged."""
    return damaged(whole, seed) if seed % 3 == 0 else text_of(reworded(json.loads(whole), seed))


def readers_of_models(folder: Path) -> tuple[Callable[[], object], ...]:
    return lambda: load_segmenter(folder), lambda: tensor_groups(folder, "exact"), lambda: encoder_digest(folder)


def test_cards_of_models(model: Path, copied: Callable[[Path], Path], record: Any) -> None:
    folder = copied(model)
    whole = (folder / CARD).read_bytes()

    def change(seed: int) -> None:
        (folder / CARD).write_bytes(changed(whole, seed))

    assert fuzz(folder, change, record, "model.json", *readers_of_models(folder)) == EXAMPLES


def test_weights_of_models(model: Path, copied: Callable[[Path], Path], record: Any) -> None:
    folder = copied(model)
    whole, card = (folder / WEIGHTS).read_bytes(), json.loads((folder / CARD).read_bytes())
    tensors = load(whole)

    def change(seed: int) -> None:
        rng = random.Random(seed)
        data = damaged(whole, seed)
        if seed % 2:
            some = {name: tensors[name] for name in rng.sample(sorted(tensors), len(tensors) - rng.randint(0, 1))}
            name = rng.choice(sorted(some))
            with np.errstate(all="ignore"):
                odd = np.array(rng.choice([[], [1.0], [np.nan] * 4, [[1e308] * 3] * 2]), float)
                half = some[name].astype("<f2")
                odd = odd.astype(rng.choice(["<f2", "<f8", "<i8", "?"]))
            some[name] = rng.choice([odd, some[name].T.copy(), half, np.zeros((0, 3), "<f4")])
            data = save(some)
        (folder / WEIGHTS).write_bytes(data)
        # Whoever hands over a model can write a card that fits.
        (folder / CARD).write_bytes(text_of({**card, "weights_sha256": sha256_file(folder / WEIGHTS)}))

    assert fuzz(folder, change, record, "model.safetensors", *readers_of_models(folder)) == EXAMPLES


def test_encoders(encoder_file: Path, tmp_path: Path, record: Any) -> None:
    whole = encoder_file.read_bytes()
    size = int.from_bytes(whole[:8], "little")
    head, path = json.loads(whole[8 : 8 + size]), tmp_path / "encoder.safetensors"

    def change(seed: int) -> None:
        new = damaged(whole, seed)
        if seed % 2:
            card = json.loads(head["__metadata__"]["encoder"])
            meta = text_of(reworded(card, seed)).decode("utf-8", "replace")
            text = json.dumps({**head, "__metadata__": {"encoder": meta}}).encode()
            new = len(text).to_bytes(8, "little") + text + whole[8 + size :]
        path.write_bytes(new)

    assert fuzz(tmp_path, change, record, "encoder", lambda: find_encoder(str(path))) == EXAMPLES


@pytest.mark.parametrize("name", [CERTIFICATE, METRICS, EVENTS, "SHA256SUMS", f"model/{CARD}"])
def test_files_of_runs(run: Path, name: str, copied: Callable[[Path], Path], record: Any) -> None:
    folder = copied(run)
    whole = (folder / name).read_bytes()

    def change(seed: int) -> None:
        if name == EVENTS:
            lines = whole.splitlines()
            place = seed % len(lines)
            lines[place] = changed(lines[place], seed).replace(b"\n", b"")
            (folder / name).write_bytes(b"\n".join(lines))
        else:
            (folder / name).write_bytes(damaged(whole, seed) if name == "SHA256SUMS" else changed(whole, seed))

    def listed() -> None:
        for entry in list_runs(folder.parent):
            assert entry.model == folder / "model"
            assert entry.base is None or entry.base.is_dir()

    readers = (
        lambda: verify_run(folder),
        lambda: read_certificate(folder),
        lambda: read_cost(folder),
        lambda: read_run(folder),
        lambda: earlier_attempts(folder.parent, "x"),
        listed,
    )
    assert fuzz(folder.parent, change, record, "files of runs", *readers) == EXAMPLES


def test_ledgers_and_measured_numbers(tmp_path: Path, record: Any) -> None:
    ledger = text_of({"session": {"model_in": "a", "mu": 0.5, "states": 3}})
    numbers = text_of({"when": "2026-01-01T00:00:00+00:00", "before": None, "numbers": {"splits": {}}})

    def change(seed: int) -> None:
        (tmp_path / LEDGER).write_bytes(changed(ledger, seed))
        (tmp_path / "run.numbers.json").write_bytes(changed(numbers, seed))

    readers = (lambda: live_costs(tmp_path, "a"), lambda: read_measured(tmp_path / "run"))
    assert fuzz(tmp_path, change, record, "ledger and measured numbers", *readers) == EXAMPLES


@pytest.fixture
def worked_on(painted: Dataset) -> Path:
    """A project with a journal, a trail, notes and a session."""
    with Project(painted) as project:
        project.select("a")
        assert project.editing is not None
        for row in (5, 7, 9):
            project.editing.fine[row] = 0
            project.editing.touch()
            project.record("trim")
        project.undo()
        project.finish()
        project.notes.write("a", "hello")
        project.notes.exclude("b", "blurred")
    return painted.root


OWNER = {
    "pid": 1,
    "started": "",
    "host": socket.gethostname(),
    "user": "a",
    "since": "2026-01-01T00:00:00",
    "token": "t",
}


@pytest.mark.parametrize(
    "name", ["journal/a.journal", "audit.jsonl", "project.json", "case-notes.json", "project.lock"]
)
def test_files_of_projects(worked_on: Path, name: str, tmp_path: Path, record: Any) -> None:
    root = tmp_path / "copy"
    file = root / "unlearn-runs" / name

    def change(seed: int) -> None:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(worked_on, root)
        whole = file.read_bytes() if file.exists() else text_of(OWNER)
        if name.endswith(".json") or name == "project.lock":
            new = changed(whole, seed)
        elif seed % 3 == 0:
            new = damaged(whole, seed)
        elif name == "audit.jsonl":
            lines = whole.splitlines()
            lines[seed % len(lines)] = changed(lines[seed % len(lines)], seed).replace(b"\n", b"")
            new = b"\n".join(lines) + b"\n"
        else:
            new = other_journal(file, seed)
        file.write_bytes(new)

    def work() -> None:
        list_runs(root / "unlearn-runs")
        with Project(open_dataset(root)) as project:
            said: list[str] = []
            project.failed.connect(said.append)
            project.select("a")
            assert project.editing is not None
            if project.read_only:
                raise UserError(project.read_only)
            while project.undo():
                pass
            while project.redo():
                pass
            project.editing.fine[6] = 0
            project.editing.touch()
            assert project.save_stroke(), said
        assert not read_fine(root)[6].any()

    assert fuzz(root, change, record, "files of projects", lambda: verify_trail(root), work) == EXAMPLES


def other_journal(file: Path, seed: int) -> bytes:
    """A journal whose frames are whole and whose records say something else."""
    records = list(read_journal(file).records)
    place = seed % len(records)
    facts, body = dict(records[place].facts), records[place].body
    facts = reworded(facts, seed) if seed % 2 else facts
    records[place] = Record(facts, damaged(body, seed) if seed % 5 else body)
    try:
        return HEAD + b"".join(record.pack() for record in records)
    except (ValueError, UnicodeEncodeError):  # a number with too many digits, or half a character
        return HEAD


def read_fine(root: Path) -> np.ndarray[Any, Any]:
    fine = open_dataset(root).case("a").fine()
    assert fine is not None
    return fine
