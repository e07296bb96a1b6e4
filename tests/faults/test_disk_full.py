"""A disk that is full from any place of a writing on: everything that was saved stays, and one sentence says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.decode import read_mask
from napari_unlearn.data.encode import write_mask
from napari_unlearn.data.thumbnail import thumbnail
from napari_unlearn.errors import UserError
from napari_unlearn.jobs import train, unlearn
from napari_unlearn.jobs.live_ledger import LEDGER, enter, live_costs
from napari_unlearn.jobs.run_folder import verify_run
from napari_unlearn.models.checkpoint import CARD, WEIGHTS, load_segmenter
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.project import Project
from napari_unlearn.project.audit_trail import verify_trail
from napari_unlearn.project.case_notes import CaseNotes
from napari_unlearn.project.runs import keep_measured, read_measured

FAULTS = ("disk full", "read-only folder", "failing disk")


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest, at: dict[str, Any]) -> tuple[str, Callable[[], None]]:
    errors = {"disk full": at["FULL"], "read-only folder": at["READ_ONLY"], "failing disk": at["BROKEN"]}
    return request.param, at["refusing"](errors[request.param])


@pytest.fixture
def everywhere(at: dict[str, Any], record: Any, fault: tuple[str, Callable[[], None]]) -> Callable[..., list[str]]:
    """A function that lets the disk fail at the first place of an act, at the second and so on, each time afresh.

    It returns what went wrong: where something was lost, or a second attempt did not succeed.
    """

    def run(
        where: str, fresh: Callable[[], Path], act: Callable[[Path], object], kept: Callable[[Path], bool]
    ) -> list[str]:
        name, refuse = fault
        wrong: list[str] = []
        folder = fresh()
        disk = at["Disk"](folder)
        with disk.failing(None):
            wrong += [f"Without a fault: {said}" for said in (act(folder),) if said]
        if not disk.places:
            wrong.append("Nothing was written at all.")
        for place in range(1, disk.places + 1):
            folder = fresh()
            disk = at["Disk"](folder)
            with disk.failing(refuse, place):
                said = act(folder)
            # Places are fewer where a failure ends the act early, never more.
            if not disk.reached:
                wrong.append(f"Place {place} was not reached.")
            if not record.count(name, where, kept(folder)):
                wrong.append(f"Lost at place {place}: {said}")
            wrong += [f"Second attempt after place {place}: {said}" for said in (act(folder),) if said]
        return wrong

    return run


def outcome(act: Callable[[], object]) -> str:
    """The sentence that an act ends in, or "" where it succeeds."""
    try:
        act()
    except UserError as error:
        return str(error)
    except OSError as error:  # which jobs and windows turn into a sentence
        return f"{error.filename} {error.strerror}"
    return ""


def test_a_mask_is_the_old_one_or_the_new_one(everywhere: Callable[..., list[str]], tmp_path: Path) -> None:
    old, new = np.zeros((9, 9), np.uint8), np.ones((9, 9), np.uint8)
    made = []

    def fresh() -> Path:
        made.append(tmp_path / str(len(made)))
        write_mask(made[-1] / "a.png", old)
        return made[-1]

    def kept(folder: Path) -> bool:
        alone = [path.name for path in folder.iterdir()] == ["a.png"]
        return alone and any(np.array_equal(read_mask(folder / "a.png"), mask) for mask in (old, new))

    assert everywhere("a mask", fresh, lambda folder: outcome(lambda: write_mask(folder / "a.png", new)), kept) == []


def test_strokes_notes_and_trail_of_a_project(
    everywhere: Callable[..., list[str]], painted: Dataset, copied: Callable[[Path], Path]
) -> None:
    coarse = painted.case("a").coarse()
    with Project(painted) as project:  # so that there is something to lose
        project.select("a")
        assert project.editing is not None
        project.editing.fine[5] = 0
        assert project.finish()
        project.notes.write("a", "first")

    def act(folder: Path) -> str:
        said: list[str] = []
        with Project(open_dataset(folder)) as project:
            project.failed.connect(said.append)
            if project.read_only:
                return project.read_only
            project.select("a")
            assert project.editing is not None
            project.editing.fine[7] = 0
            project.editing.touch()
            project.record("trim")
            project.save_stroke()
            said += filter(None, [outcome(lambda: project.notes.write("a", "second"))])
        return said[0] if said else ""

    def kept(folder: Path) -> bool:
        with Project(open_dataset(folder)) as project:
            project.select("a")
            assert project.editing is not None
            fine = project.editing.fine
            assert project.read_only == ""
            facts = {
                "saved stroke": not fine[5].any(),
                "other rows": np.array_equal(fine[8], coarse[8]),
                "new stroke": not fine[7].any() or np.array_equal(fine[7], coarse[7]),
                "note": project.notes.of("a").note in ("first", "second"),
            }
        facts["trail"] = verify_trail(folder).failures == ()
        assert all(facts.values()), (facts, verify_trail(folder).failures)
        return True

    assert everywhere("strokes, notes and trail of a project", lambda: copied(painted.root), act, kept) == []


def test_train_with_overwrite_replaces_a_model_as_a_whole_or_not_at_all(
    everywhere: Callable[..., list[str]],
    command: Callable[..., str],
    sample: Dataset,
    model: Path,
    encoder_file: Path,
    copied: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once(monkeypatch, train, "_fit_head")
    old = (model / WEIGHTS).read_bytes()

    def act(folder: Path) -> str:
        options = ("--encoder", encoder_file, "--device", "cpu", "--strength", "0.01", "--overwrite")
        return command("train", sample.root, "--out", folder, *options)

    def kept(folder: Path) -> bool:
        load_segmenter(folder)
        whole = (folder / WEIGHTS).read_bytes() == old and {path.name for path in folder.iterdir()} == {WEIGHTS, CARD}
        return whole or replaced(folder, old)

    assert (
        everywhere(
            "train --overwrite", lambda: copied(model), act, lambda folder: kept(folder) or replaced(folder, old)
        )
        == []
    )


def replaced(folder: Path, old: bytes) -> bool:
    """Whether the new model is there, and nothing but it, although its last flush to the disk failed."""
    return (folder / WEIGHTS).read_bytes() != old and {path.name for path in folder.iterdir()} == {WEIGHTS, CARD}


def test_a_run_is_there_as_a_whole_or_not_at_all(
    everywhere: Callable[..., list[str]],
    command: Callable[..., str],
    sample: Dataset,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once(monkeypatch, unlearn, "_run")
    digest = (model / WEIGHTS).read_bytes()
    made = []

    def fresh() -> Path:
        made.append(tmp_path / str(len(made)))
        made[-1].mkdir()
        return made[-1]

    def act(folder: Path) -> str:
        options = ("--operator", "residual-head", "--device", "cpu")
        return command("unlearn", sample.root, model, "--out", folder / "run", *options)

    def kept(folder: Path) -> bool:
        left = [path.name for path in folder.iterdir()]
        return (model / WEIGHTS).read_bytes() == digest and (left == [] or verify_run(folder / "run") == [])

    assert everywhere("unlearn", fresh, act, kept) == []


def test_an_export_is_there_as_a_whole_or_not_at_all(
    everywhere: Callable[..., list[str]], command: Callable[..., str], run: Path, tmp_path: Path
) -> None:
    made = []

    def fresh() -> Path:
        made.append(tmp_path / str(len(made)))
        made[-1].mkdir()
        return made[-1]

    def kept(folder: Path) -> bool:
        return list(folder.iterdir()) == [] and verify_run(run) == []

    assert everywhere("export", fresh, lambda folder: command("export", run, "--out", folder / "export"), kept) == []


def test_what_was_charged_noted_and_measured_stays(everywhere: Callable[..., list[str]], tmp_path: Path) -> None:
    made = []

    def fresh() -> Path:
        made.append(tmp_path / str(len(made)))
        enter(made[-1], "model", "first", 0.5, 3)
        CaseNotes(made[-1]).write("a", "old")
        keep_measured(made[-1] / "run", {"splits": {}, "shortcut_gap": 1}, None)
        return made[-1]

    def act(folder: Path) -> str:
        acts = (
            lambda: enter(folder, "model", "second", 0.25, 1),
            lambda: CaseNotes(folder).write("b", "new"),
            lambda: keep_measured(folder / "run", {"splits": {}, "shortcut_gap": 2}, None),
        )
        return next(filter(None, map(outcome, acts)), "")

    def kept(folder: Path) -> bool:
        measured = read_measured(folder / "run")
        assert {path.name for path in folder.iterdir()} == {LEDGER, "case-notes.json", "run.numbers.json"}
        return (
            live_costs(folder, "model")[:3] == (0.5, 0.5, 0.5)
            and CaseNotes(folder).of("a").note == "old"
            and measured is not None
            and measured.numbers["shortcut_gap"] in (1, 2)
        )

    assert everywhere("ledger of live states, notes, measured numbers", fresh, act, kept) == []


def test_a_cache_has_whole_entries_or_none(
    everywhere: Callable[..., list[str]], encoder: Encoder, sample: Dataset, tmp_path: Path
) -> None:
    grid = torch.zeros(3, 32, 32, dtype=torch.uint8)
    right = FeatureCache(encoder, tmp_path / "right").levels(grid)
    picture = thumbnail(sample.cases[0].image_path, tmp_path / "right")

    def fresh() -> Path:
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        (tmp_path / "cache").mkdir()
        return tmp_path / "cache"

    def act(folder: Path) -> str:
        assert np.array_equal(thumbnail(sample.cases[0].image_path, folder), picture)
        return outcome(lambda: FeatureCache(encoder, folder).levels(grid))

    def kept(folder: Path) -> bool:
        assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
        levels = FeatureCache(encoder, folder).levels(grid)
        return all(torch.equal(one, other) for one, other in zip(levels, right, strict=True))

    assert everywhere("features and thumbnails", fresh, act, kept) == []


def once(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Let the slow part of a job be done the first time only: of interest is what is left on disk."""
    slow, made = getattr(module, name), []

    def quick(*args: Any) -> Any:
        if not made:
            made.extend(slow(*args))
        return iter(made)

    monkeypatch.setattr(module, name, quick)
