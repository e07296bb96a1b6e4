"""Room that maps of the encoder may take on the disk."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.models.cache_limit import LIMIT_VARIABLE, limit_of, prune, used

HOUR = 3600.0


def entry(folder: Path, number: int, size: int = 1000, age: float = 0.0) -> Path:
    path = folder / f"{number:02x}" / f"{number:064x}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.fixture
def five(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Five maps of 1000 bytes, the first used longest ago, where 4500 bytes may be kept."""
    monkeypatch.setenv(LIMIT_VARIABLE, "4.5e-6")
    return [entry(tmp_path, i, age=HOUR * (5 - i)) for i in range(5)]


def test_the_maps_used_longest_ago_go_first(five: list[Path], tmp_path: Path) -> None:
    assert prune(tmp_path) == 4000
    assert [path.exists() for path in five] == [False, True, True, True, True]


def test_a_map_that_was_just_used_stays(five: list[Path], tmp_path: Path) -> None:
    used(five[0])
    prune(tmp_path)
    assert [path.exists() for path in five] == [True, False, True, True, True]


def test_nothing_goes_as_long_as_there_is_room(
    five: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "5e-6")
    assert prune(tmp_path) == 5000
    assert all(path.exists() for path in five)


def test_nothing_but_maps_is_touched(five: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "0")
    others = [tmp_path / "notes.txt", tmp_path / "00" / "notes.txt", tmp_path / "photos" / "one.safetensors"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine", encoding="utf-8")
    assert prune(tmp_path) == 0
    assert not any(path.exists() for path in five)
    assert all(path.exists() for path in others)


def test_what_a_killed_process_began_to_write_goes_after_a_day(five: list[Path], tmp_path: Path) -> None:
    old, young = tmp_path / "00" / ".old.new", tmp_path / "00" / ".young.new"
    for path, age in ((old, 25 * HOUR), (young, HOUR)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age,) * 2)
    prune(tmp_path)
    assert not old.exists()
    assert young.exists()


def test_a_file_that_is_being_read_is_read_to_its_end(five: list[Path], tmp_path: Path) -> None:
    with five[0].open("rb") as stream:
        stream.read(10)
        prune(tmp_path)
        assert len(stream.read()) == 990


def test_by_default_half_of_what_the_disk_can_hold_is_left_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(LIMIT_VARIABLE, raising=False)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 6_000_000_000}))
    assert limit_of(tmp_path, held=2_000_000_000) == 4_000_000_000
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 10**13}))
    assert limit_of(tmp_path, held=0) == 50_000_000_000


@pytest.mark.parametrize("wish", ["much", "-1", "nan", "inf"])
def test_a_limit_that_is_no_number_is_refused(wish: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, wish)
    with pytest.raises(UserError, match=f"'{wish}', but must be a number of gigabytes"):
        limit_of(tmp_path, 0)
