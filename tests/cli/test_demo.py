"""The whole main job in one command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

from napari_unlearn.cli import demo
from napari_unlearn.data import sample as shipped
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.run_folder import verify_run


@pytest.fixture
def small(sample: Dataset, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shipped sample that is small."""
    folder = tmp_path / "shipped"
    shutil.copytree(sample.root, folder / "dataset")
    shutil.copyfile(shipped.sample_folder() / "encoder.safetensors", folder / "encoder.safetensors")
    shutil.copytree(model, folder / "model")
    monkeypatch.setattr(shipped, "sample_folder", lambda: folder)
    monkeypatch.setattr(demo, "SWAPS", 1)
    return folder


def test_headless_it_unlearns_measures_and_verifies(
    told: Callable[..., dict[str, Any]], small: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = told("demo", "--headless", "--out", out)
    assert result.keys() == {"unlearn", "evaluate", "failures"}
    assert result["failures"] == []
    assert result["unlearn"]["tier"] == "exact"
    assert result["evaluate"].keys() == {"splits", "shortcut_gap", "shortcut_gap_detail", "before"}
    assert verify_run(out / "runs" / "001") == []
    assert sorted(path.name for path in small.iterdir()) == ["dataset", "encoder.safetensors", "model"]


def test_a_second_demo_keeps_the_first(type_: Callable[..., Result], small: Path, tmp_path: Path) -> None:
    for number in ("001", "002"):
        result = type_("demo", "--headless", "--out", tmp_path / "out")
        assert result.exit_code == 0, result.stderr
        assert (tmp_path / "out" / "runs" / number / "certificate.json").is_file()
    for word in ("The model learned from coarse masks.", "Data set: ", "Certificate: ", "shortcut gap"):
        assert word in result.stdout


@pytest.mark.parametrize("display", [True, False])
@pytest.mark.usefixtures("small")
def test_the_window_opens_where_there_is_a_display(
    type_: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, display: bool
) -> None:
    started: list[list[str]] = []

    def start(command: list[str], *, check: bool) -> SimpleNamespace:
        started.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", start)
    monkeypatch.setattr(demo, "_has_display", lambda: display)
    out = tmp_path / "out"
    result = type_("demo", "--out", out)
    assert result.exit_code == 0
    window = [sys.executable, "-m", "napari_unlearn.plugin", str(out / "dataset"), "--model", str(out / "model")]
    assert started == ([window] if display else [])
    assert ("There is no display" in result.stderr) is not display
    assert (out / "runs").exists() is not display


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="There is always a display on this system.")
def test_a_display_is_what_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not demo._has_display()
    monkeypatch.setitem(os.environ, "WAYLAND_DISPLAY", "wayland-0")
    assert demo._has_display()


def test_without_the_sample_the_sentence_says_so(
    refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise UserError("The sample data are missing; install napari-unlearn again.")

    monkeypatch.setattr(shipped, "sample_folder", missing)
    assert refused("demo", "--headless", "--out", tmp_path / "out").startswith("The sample data are missing")
    assert not (tmp_path / "out").exists()


def test_the_shipped_sample_is_all_that_the_demo_needs(told: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    try:
        shipped.sample_folder()
    except UserError:
        pytest.skip("sample_data/encoder.safetensors was not made yet")
    result = told("demo", "--headless", "--out", tmp_path / "out")
    assert result["failures"] == []
    assert result["evaluate"]["shortcut_gap"] < result["evaluate"]["before"]["shortcut_gap"]
