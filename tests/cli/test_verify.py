"""Verifying from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from napari_unlearn.files import sha256_bytes
from napari_unlearn.project.audit_trail import AuditTrail


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


@pytest.fixture
def worked_on(tmp_path: Path) -> Path:
    """A data set folder with the trail of one mask."""
    (tmp_path / "fine").mkdir()
    (tmp_path / "fine" / "a.png").write_bytes(b"mask")
    trail = AuditTrail(tmp_path / "unlearn-runs" / "audit.jsonl", "Ann")
    trail.add("mask saved", "a", file="fine/a.png", sha256=sha256_bytes(b"mask"))
    trail.close()
    return tmp_path


def test_the_trail_of_a_data_set_is_checked_with_its_masks(
    told: Callable[..., dict[str, Any]], type_: Callable[..., Result], worked_on: Path
) -> None:
    for place in (worked_on, worked_on / "unlearn-runs" / "audit.jsonl"):
        facts = told("verify", place)
        assert (facts["valid"], facts["failures"], facts["entries"]) == (True, [], 1)
    result = type_("verify", worked_on)
    assert result.stdout.replace("\n", " ").strip().endswith(f"Last: {facts['last']}")
    (worked_on / "fine" / "a.png").write_bytes(b"other")
    result = type_("verify", worked_on)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "fine/a.png was changed after the last entry about it." in result.stderr
