"""Several processes for one job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Done
from napari_unlearn.jobs.launch import by_first, launched
from napari_unlearn.models.ranks import Alone, ranks, working_as

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "two_ranks.py"


@pytest.fixture(autouse=True)
def not_launched(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "LT_PRECISION"):
        monkeypatch.delenv(name, raising=False)


def test_two_processes_make_what_one_makes(tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    words = ["--cases", "8", "--size", "64", "--out", str(found), "--folder", str(tmp_path / "work")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), *words], check=False, capture_output=True, text=True, env=environment
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    differences = json.loads(found.read_text(encoding="utf-8"))
    assert len(differences) == 8
    assert max(differences[name] for name in differences if not name.startswith("trained")) < 1e-4


def test_one_process_needs_no_launch() -> None:
    with launched() as first:
        assert first
        assert ranks() == Alone()


def test_another_precision_is_for_networks_and_ends_with_the_job() -> None:
    import torch

    with launched(precision="bf16-mixed", device="cpu") as first:
        assert first
        assert (ranks().count, ranks().precision) == (1, "bf16-mixed")
        with ranks().rounding():
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16
    assert ranks() == Alone()


@pytest.mark.parametrize(
    ("devices", "precision", "said"),
    [
        (0, "32-true", "At least one device must work, not 0"),
        (1, "8-bit", "There is no precision '8-bit'; choose one of 32-true, bf16-mixed"),
    ],
)
def test_what_cannot_be_is_refused(devices: int, precision: str, said: str) -> None:
    with pytest.raises(UserError, match=said), launched(devices, precision):
        pass


def test_processes_that_torchrun_started_are_not_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="2 processes were started already; leave --devices out"), launched(2):
        pass


def test_without_the_package_that_launches_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_unlearn.jobs.launch.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'napari-unlearn\[scale\]'"), launched(2):
        pass


class Second(Alone):
    def __init__(self, number: int) -> None:
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "count", 2)


def test_only_the_first_process_writes_and_does_so_alone() -> None:
    def write(word: str) -> Done:
        assert ranks() == Alone()
        return Done(word)

    with working_as(Second(0)):
        assert by_first(write, "written").result == "written"
        assert ranks().count == 2
    with working_as(Second(1)):
        assert by_first(write, "written").result is None
