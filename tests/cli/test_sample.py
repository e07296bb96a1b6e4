from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from napari_unlearn.cli.sample import sample
from napari_unlearn.data.dataset import open_dataset


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(sample)
    return app


def test_json_says_what_was_written(app: typer.Typer, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    result = CliRunner().invoke(app, [str(folder), "--cases", "4", "--size", "64", "--fine", "1", "--json"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told.pop("seconds") >= 0
    assert told == {
        "folder": str(folder),
        "cases": {"train": 4, "test_aligned": 20, "test_conflicting": 20},
        "refined": 4,
    }
    assert len(open_dataset(folder).cases) == 44


def test_every_option_arrives(app: typer.Typer, tmp_path: Path) -> None:
    options = "--cases 6 --size 64 --classes 2 --shortcut 0.75 --fine 0.5 --seed 9 --coarse dilation"
    options += " --coarse-margin 0.2"
    result = CliRunner().invoke(app, [str(tmp_path / "new"), *options.split()])
    assert result.exit_code == 0
    assert "Wrote 46 cases" in result.stdout
    assert open_dataset(tmp_path / "new").source.endswith(options)


def test_a_folder_in_use_fails_with_one_sentence(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    result = CliRunner().invoke(app, [str(tmp_path), "--json"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("not an empty folder; name a new one for the sample.") == 1


@pytest.mark.parametrize("option", ["--classes=4", "--shortcut=2", "--fine=-1", "--seed=-1", "--size=8", "--coarse=x"])
def test_settings_out_of_range_are_a_usage_error(app: typer.Typer, tmp_path: Path, option: str) -> None:
    assert CliRunner().invoke(app, [str(tmp_path / "new"), option]).exit_code == 2
