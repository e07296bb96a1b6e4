"""Verifying from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result


@pytest.fixture
def altered(run: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    (copy / "events.jsonl").write_text("")
    return copy


def test_a_valid_run_is_valid(told: Callable[..., dict[str, Any]], type_: Callable[..., Result], run: Path) -> None:
    assert told("verify", run) == {"valid": True, "failures": []}
    result = type_("verify", run)
    assert (result.exit_code, result.stdout) == (0, "Valid: exact-refit, exact.\n")


def test_an_altered_run_is_not(type_: Callable[..., Result], altered: Path) -> None:
    result = type_("verify", altered, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"valid": False, "failures": ["events.jsonl was altered after the run."]}
    result = type_("verify", altered)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Not valid:\n- events.jsonl was altered after the run.\n"


def test_a_folder_that_is_no_run_is_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "has no certificate.json; choose the folder of an unlearning run" in refused("verify", tmp_path)
