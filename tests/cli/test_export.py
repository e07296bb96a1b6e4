"""Exporting from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from napari_unlearn.jobs.run_folder import verify_run


def test_json_tells_where_the_model_is(told: Callable[..., dict[str, Any]], run: Path, tmp_path: Path) -> None:
    result = told("export", run, "--out", tmp_path / "out")
    assert result == {"folder": str(tmp_path / "out"), "model": str(tmp_path / "out" / "model")}
    assert verify_run(tmp_path / "out") == []


def test_people_see_a_sentence(type_: Callable[..., Result], model: Path, tmp_path: Path) -> None:
    result = type_("export", model, "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (0, f"Exported to {tmp_path / 'out'}\n")


def test_failures_are_one_sentence(refused: Callable[..., str], run: Path, tmp_path: Path) -> None:
    assert "is not a model folder" in refused("export", tmp_path, "--out", tmp_path / "out")
    (tmp_path / "file").write_text("x")
    assert refused("export", run, "--out", tmp_path / "file" / "out")
