"""Files that vanish, clocks that go backwards, memory that runs out, numbers that are none, caches that are wrong."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.data import case as case_module
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.jobs import certify, train, unlearn
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.models import checkpoint
from napari_unlearn.models.checkpoint import WEIGHTS, load_segmenter
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.project import Project
from napari_unlearn.project.audit_trail import verify_trail
from napari_unlearn.project.runs import list_runs, new_run

CUDA = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 3.94 GiB."
MEMORY = {"MemoryError": MemoryError(), "torch.OutOfMemoryError": torch.OutOfMemoryError(CUDA)}


def ran_out(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


@pytest.fixture
def overwrite(
    command: Callable[..., str], sample: Dataset, encoder_file: Path, copied: Callable[[Path], Path]
) -> Callable[..., tuple[str, bool]]:
    """A function that trains over a copy of a model, and returns what was said and whether the old model is whole."""

    def run(model: Path, *options: str) -> tuple[str, bool]:
        folder, whole = copied(model), (model / WEIGHTS).read_bytes()
        fixed = ("--out", folder, "--encoder", encoder_file, "--device", "cpu", "--overwrite")
        said = command("train", sample.root, *fixed, *options)
        load_segmenter(folder)
        return said, (folder / WEIGHTS).read_bytes() == whole

    return run


@pytest.fixture
def revise(command: Callable[..., str], sample: Dataset, model: Path) -> Callable[..., str]:
    """A function that unlearns, and returns what was said."""

    def run(out: Path, *options: str, root: Path | None = None) -> str:
        return command("unlearn", root or sample.root, model, "--out", out, "--device", "cpu", *options)

    return run


@pytest.mark.parametrize("name", MEMORY)
@pytest.mark.parametrize("place", ["reading an image", "fitting", "writing the model"])
def test_memory_that_runs_out_costs_no_model(
    overwrite: Callable[..., tuple[str, bool]],
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    record: Any,
    place: str,
    name: str,
) -> None:
    targets = {
        "reading an image": (case_module, "read_image"),
        "fitting": (train, "_fit_head"),
        "writing the model": (checkpoint, "save"),
    }
    monkeypatch.setattr(*targets[place], ran_out(MEMORY[name]))
    said, kept = overwrite(model)
    assert "ran out of memory" in said
    assert record.count("out of memory", "train --overwrite", kept)


@pytest.mark.parametrize("name", MEMORY)
def test_memory_that_runs_out_at_the_end_of_a_run_leaves_no_run_and_the_next_succeeds(
    revise: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Any, name: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(certify, "certificate", ran_out(MEMORY[name]))
        said = revise(tmp_path / "run", "--operator", "residual-head")
    assert "ran out of memory" in said
    assert record.count("out of memory", "unlearn", list(tmp_path.iterdir()) == [])
    assert revise(tmp_path / "run", "--operator", "residual-head") == ""
    assert read_certificate(tmp_path / "run").attempts == 1


@pytest.mark.parametrize("arguments", [("export", "{run}", "--out", "{out}"), ("verify", "{run}")])
def test_memory_that_runs_out_in_a_command_that_is_no_job_is_one_sentence(
    command: Callable[..., str],
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record: Any,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.setattr("napari_unlearn.jobs.run_folder.check", ran_out(MemoryError()))
    said = command(*(argument.format(run=run, out=tmp_path / "export") for argument in arguments))
    assert "ran out of memory" in said
    assert record.count("out of memory", " and ".join(("export", "verify")), list(tmp_path.iterdir()) == [])


def test_a_fit_that_ends_in_no_numbers_costs_no_model(
    overwrite: Callable[..., tuple[str, bool]], model: Path, monkeypatch: pytest.MonkeyPatch, record: Any
) -> None:
    fit = train._fit_head

    def diverging(*args: Any) -> Iterator[Any]:
        for step in fit(*args):
            if hasattr(step, "head"):
                step.head.weights[0, 0] = np.nan
            yield step

    monkeypatch.setattr(train, "_fit_head", diverging)
    said, kept = overwrite(model)
    assert "not finite" in said
    assert record.count("NaN in the weights", "train --overwrite", kept)


@pytest.mark.parametrize("trainable", ["decoder", "all"])
def test_a_loss_that_is_no_number_ends_a_fit_at_once_and_costs_no_model(
    overwrite: Callable[..., tuple[str, bool]],
    unet: Path,
    monkeypatch: pytest.MonkeyPatch,
    record: Any,
    trainable: str,
) -> None:
    monkeypatch.setattr(
        "napari_unlearn.models.unet_training.segmentation_loss", lambda scores, _: scores.sum() * float("nan")
    )
    said, kept = overwrite(unet, "--trainable", trainable)
    assert "not finite" in said
    assert record.count("NaN in the loss", "train --overwrite", kept)


def test_a_loss_that_is_no_number_leaves_a_whole_run_or_none(
    revise: Callable[..., str], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Any
) -> None:
    from napari_unlearn.operators.head_problem import HeadProblem

    def no_number(self: HeadProblem, weights: Any, *_: Any) -> tuple[float, Any]:
        return float("nan"), np.full_like(weights, np.nan)

    monkeypatch.setattr(HeadProblem, "loss_and_gradient", no_number)
    out = tmp_path / "run"
    revise(out, "--operator", "gradient-clipping")
    # Certified noise hides whatever the loss was; what may not be is half a run, or one that nobody can load.
    kept = list(tmp_path.iterdir()) == [] or (verify_run(out) == [] and load_segmenter(out / "model") is not None)
    assert record.count("NaN in the loss", "unlearn", kept)
    load_segmenter(model)


VANISHING = ["images/{}", "coarse/{}", "fine/{}", "metadata.csv", "images", "coarse"]


@pytest.mark.parametrize("name", VANISHING)
def test_a_file_that_vanishes_while_the_data_set_is_open_is_named(
    revise: Callable[..., str],
    sample: Dataset,
    copied: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record: Any,
    name: str,
) -> None:
    root = copied(sample.root)
    victim = next(case for case in open_dataset(root).cases if case.split == "train" and case.is_refined)
    gone = root / name.format(victim.image_path.name if name.startswith("images") else f"{victim.id}.png")
    opened = unlearn.open_dataset

    def vanishing(path: Path) -> Dataset:
        dataset = opened(path)
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        return dataset

    monkeypatch.setattr(unlearn, "open_dataset", vanishing)
    out = tmp_path / "runs" / "run"
    said = revise(out, root=root)
    kept = not out.parent.exists() or [path.name for path in out.parent.iterdir()] in ([], ["run"])
    assert record.count("file vanishing while open", "unlearn", kept)
    if gone.name != "metadata.csv":  # which is read once, when the data set is opened
        assert str(gone) in said
        assert "cannot be read" in said


@pytest.mark.parametrize("name", ["images/a.png", "coarse/a.png", "fine/a.png", "unlearn-runs/journal/a.journal"])
def test_a_file_that_vanishes_under_an_open_project_costs_no_stroke(painted: Dataset, record: Any, name: str) -> None:
    said: list[str] = []
    with Project(painted) as project:
        project.failed.connect(said.append)
        project.select("a")
        assert project.editing is not None
        for row in (5, 7):
            project.editing.fine[row] = 0
            project.editing.touch()
            project.record("trim")
            project.save_stroke()
            if row == 5:
                (painted.root / name).unlink(missing_ok=True)
        kept_back = project.unsaved
    if "journal" in name:
        assert any("deleted while it was in use" in sentence for sentence in said) or kept_back
    if "coarse" in name or "images" in name:
        return
    with Project(open_dataset(painted.root)) as project:
        project.select("a")
        assert project.editing is not None
        kept = not project.editing.fine[5].any() and not project.editing.fine[7].any()
        assert record.count("file vanishing while open", "painting", kept), said


class Backwards(dt.datetime):
    """A clock that goes back an hour whenever it is looked at."""

    moment = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
        cls.moment -= dt.timedelta(hours=1)
        return cls.moment.astimezone(tz) if tz else cls.moment.replace(tzinfo=None)


def test_a_clock_that_goes_backwards_mixes_up_no_runs_and_no_costs(
    revise: Callable[..., str],
    sample: Dataset,
    copied: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
    record: Any,
) -> None:
    root = copied(sample.root)
    monkeypatch.setattr("napari_unlearn.project.runs.datetime", Backwards)
    monkeypatch.setattr("napari_unlearn.project.audit_trail.datetime", Backwards)
    monkeypatch.setattr("napari_unlearn.project.lock.datetime", Backwards)
    monkeypatch.setattr(certify.dt, "datetime", Backwards)
    folders = []
    with Project(open_dataset(root)) as project:
        for number in range(3):
            folders.append(new_run(root, "residual-head"))
            assert revise(folders[-1], "--operator", "residual-head", root=root) == ""
            project.note("run", folder=folders[-1].name)
            kept = verify_run(folders[-1]) == [] and read_certificate(folders[-1]).attempts == number + 1
            assert record.count("clock going backwards", "unlearn and trail", kept)
    assert len({*folders}) == 3
    assert {run.folder for run in list_runs(root / "unlearn-runs")} == {*folders}
    assert verify_trail(root).failures == ()


def test_every_kind_of_damage_to_a_cache_is_found_and_made_good(encoder: Encoder, tmp_path: Path, record: Any) -> None:
    cache = FeatureCache(encoder, tmp_path)
    grid = torch.zeros(3, 32, 32, dtype=torch.uint8)
    right = cache.levels(grid)
    entry = cache.path(grid)
    whole = entry.read_bytes()
    rng = np.random.default_rng(0)
    damages = [b"", b"x", whole[: len(whole) // 2], whole + b"x", np.random.default_rng(1).bytes(len(whole))]
    damages += [flipped(whole, int(place)) for place in rng.integers(0, len(whole), 20)]
    for damage in damages:
        entry.write_bytes(damage)
        found = cache.levels(grid)
        kept = all(torch.equal(one, other) for one, other in zip(found, right, strict=True))
        assert record.count("corrupted cache entry", "features", kept)


def flipped(data: bytes, place: int) -> bytes:
    """Turn over one bit."""
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="Nothing is read-only for the administrator.")
def test_a_folder_that_really_is_read_only_is_named(revise: Callable[..., str], tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        said = revise(tmp_path / "run")
    finally:
        tmp_path.chmod(0o755)
    assert str(tmp_path) in said
