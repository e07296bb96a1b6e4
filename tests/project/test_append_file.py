from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_unlearn.project.append_file import AppendFile


def full(file: int, data: bytes) -> int:
    """A disk with room for three more bytes."""
    if os.fstat(file).st_size >= 13:
        raise OSError(28, "No space left on device")
    return REAL_WRITE(file, data[:3])


REAL_WRITE = os.write


def test_nothing_is_created_before_something_is_appended(tmp_path: Path) -> None:
    file = AppendFile(tmp_path / "folder" / "log", b"head")
    file.append(b"")
    file.sync()
    assert list(tmp_path.iterdir()) == []
    file.append(b"one")
    assert (tmp_path / "folder" / "log").read_bytes() == b"headone"
    file.close()


def test_another_opening_goes_on_where_the_file_ends_and_cuts_what_is_not_good(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"head one TORN")
    file = AppendFile(tmp_path / "log", b"head", keep=9)
    file.append(b"two")
    file.append(b"three")
    file.close()
    assert (tmp_path / "log").read_bytes() == b"head one twothree"


def test_what_a_full_disk_refuses_leaves_no_part_and_follows_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AppendFile(tmp_path / "log")
    file.append(b"0123456789")
    with monkeypatch.context() as disk:
        disk.setattr("os.write", full)
        for data in (b"first", b"second"):
            with pytest.raises(OSError, match="No space"):
                file.append(data)
        assert (tmp_path / "log").read_bytes() == b"0123456789"
        assert file.waiting == 2
    file.append(b"third")
    assert (tmp_path / "log").read_bytes() == b"0123456789firstsecondthird"
    assert file.waiting == 0
    file.close()


@pytest.mark.skipif(os.name != "posix", reason="Windows does not delete a file in use.")
def test_a_file_that_was_deleted_under_it_is_told(tmp_path: Path) -> None:
    file = AppendFile(tmp_path / "log")
    file.append(b"one")
    (tmp_path / "log").unlink()
    with pytest.raises(FileNotFoundError, match="deleted"):
        file.append(b"two")
    assert file.waiting == 1
    file.close()


def test_what_is_put_off_comes_with_the_next(tmp_path: Path) -> None:
    file = AppendFile(tmp_path / "log")
    file.put_off(b"one")
    file.append(b"two")
    file.sync()
    file.close()
    assert (tmp_path / "log").read_bytes() == b"onetwo"


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    other = tmp_path / "of somebody else.txt"
    other.write_bytes(b"a line without an end")
    (tmp_path / "file").symlink_to(other)
    file = AppendFile(tmp_path / "file", keep=0)
    with pytest.raises(OSError, match="it is a link"):
        file.append(b"more")
    assert other.read_bytes() == b"a line without an end"
    assert file.waiting == 1
    (tmp_path / "file").unlink()
    file.append(b"")
    assert (tmp_path / "file").read_bytes() == b"more"
    file.close()
