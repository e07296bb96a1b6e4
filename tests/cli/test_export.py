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


def test_another_format_tells_its_largest_differences(
    told: Callable[..., dict[str, Any]], type_: Callable[..., Result], unet: Path, tmp_path: Path
) -> None:
    result = told("export", unet, "--out", tmp_path / "out", "--format", "onnx")
    assert (result["folder"], result["model"], result["format"]) == (*[str(tmp_path / "out")] * 2, "onnx")
    assert 0 <= result["round_trip"]["largest_probability_difference"] <= result["round_trip"]["tolerance"]
    shown = type_("export", unet, "--out", tmp_path / "again", "--format", "huggingface")
    assert shown.exit_code == 0
    assert "Loaded again on 3 drawn images: probabilities differ by at most" in shown.stdout


def test_an_unknown_format_is_refused_with_those_that_there_are(
    refused: Callable[..., str], run: Path, tmp_path: Path
) -> None:
    sentence = refused("export", run, "--out", tmp_path / "out", "--format", "pickle")
    assert "no export format 'pickle'" in sentence
    assert not (tmp_path / "out").exists()
