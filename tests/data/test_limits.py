from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_unlearn.data import limits
from napari_unlearn.errors import UserError


def test_opens_an_ordinary_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"xyz")
    with limits.open_file(tmp_path / "a") as stream:
        assert stream.read() == b"xyz"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(UserError, match=r"a.jpg is empty \(0 bytes\); copy it again"):
        limits.open_file(tmp_path / "a.jpg")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a.jpg cannot be read \(No such file or directory\); check"):
        limits.open_file(tmp_path / "a.jpg")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a file; put one there"):
        limits.open_file(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="This system has no named pipes.")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(UserError, match=r"a.jpg is not a file"):
        limits.open_file(tmp_path / "a.jpg")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.tif").open("wb") as stream:
        stream.truncate(3 * 2**20)
    with pytest.raises(UserError, match=r"a.tif is 3 MiB, above the limit of 1 MiB; save a smaller version"):
        limits.open_file(tmp_path / "a.tif", 2**20)


def test_a_hundred_megapixels_is_the_limit() -> None:
    limits.check_size(Path("a.png"), 10_000, 10_000)
    message = r"a.png is 10001 x 10000 pixels \(100 megapixels\), above the limit of 100 megapixels; save a smaller"
    with pytest.raises(UserError, match=message):
        limits.check_size(Path("a.png"), 10_000, 10_001)


def test_no_pixels_are_no_image() -> None:
    with pytest.raises(UserError, match=r"a.png has no pixels \(5 x 0\)"):
        limits.check_size(Path("a.png"), 0, 5)
