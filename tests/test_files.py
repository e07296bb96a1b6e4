from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from napari_unlearn.files import atomic_json, atomic_write, atomic_writes, parse_json, sha256_bytes, sha256_file


def test_writes_into_a_new_folder_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "mask.png"
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["mask.png"]


def test_what_can_be_made_anew_need_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("waited"))
    atomic_write(tmp_path / "maps", b"new", flush=False)
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("maps", b"new")]


def test_failing_leaves_the_old_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["mask.png"]


def test_files_that_belong_together_are_replaced_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atomic_writes(tmp_path, {"weights": b"old", "card": b"old"})
    flush, flushed = os.fsync, []

    def full_at_the_second(descriptor: int) -> None:
        flushed.append(descriptor)
        if len(flushed) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_at_the_second)
        with pytest.raises(OSError, match="No space left"):
            atomic_writes(tmp_path, {"weights": b"new", "card": b"new"})
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"weights": b"old", "card": b"old"}
    atomic_writes(tmp_path, {"weights": b"new", "card": b"new"})
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"weights": b"new", "card": b"new"}


def test_what_the_disk_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: .*mask\.png'$"):
        atomic_write(tmp_path / "mask.png", b"new")


def test_a_drive_that_cannot_flush_folders_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flush = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    atomic_write(tmp_path / "mask.png", b"new")
    assert (tmp_path / "mask.png").read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no file modes.")
def test_others_may_read_what_the_umask_lets_them(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        atomic_write(tmp_path / "mask.png", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "mask.png").stat().st_mode) == 0o640


def test_readers_see_one_whole_version_or_another(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    versions = [bytes([i]) * 4096 for i in range(4)]
    atomic_write(path, versions[0])
    writers = [
        threading.Thread(target=lambda data=data: [atomic_write(path, data) for _ in range(20)]) for data in versions
    ]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(path.read_bytes())
    for writer in writers:
        writer.join()
    assert seen | {path.read_bytes()} <= set(versions)
    assert [entry.name for entry in tmp_path.iterdir()] == ["mask.png"]


def test_json_is_readable_text(tmp_path: Path) -> None:
    atomic_json(tmp_path / "x.json", {"name": "Läsion", "epsilon": None})
    assert (tmp_path / "x.json").read_text(encoding="utf-8") == '{\n  "name": "Läsion",\n  "epsilon": null\n}\n'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_what_it_cannot_say(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        atomic_json(tmp_path / "x.json", {"epsilon": value})
    assert not list(tmp_path.iterdir())


def test_hashes_agree_with_the_standard(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "x").write_bytes(data)
    assert sha256_file(tmp_path / "x") == sha256_bytes(data) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("text", ["[" * 100_000, b'{"a":' * 100_000, "{", "\udcff", b"\xff"])
def test_json_from_anybody_is_read_or_is_a_value_error(text: str | bytes) -> None:
    assert parse_json('{"a": [1]}') == {"a": [1]}
    with pytest.raises(ValueError, match=r"\w"):
        parse_json(text)
