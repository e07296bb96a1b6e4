from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data import thumbnail as module
from napari_unlearn.data.thumbnail import SIDE, default_folder, thumbnail, thumbnails
from napari_unlearn.errors import UserError


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    pixels = np.zeros((120, 240, 3), np.uint8)
    pixels[:, 120:] = 200
    Image.fromarray(pixels).save(path)
    return path


def test_a_thumbnail_keeps_proportions_and_content(image: Path, tmp_path: Path) -> None:
    small = thumbnail(image, tmp_path / "kept")
    assert small.shape == (SIDE // 2, SIDE, 3)
    assert small[:, : SIDE // 2 - 3].max() == 0
    assert small[:, SIDE // 2 + 3 :].min() == 200


def test_an_image_is_read_once(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = thumbnail(image, tmp_path / "kept")
    monkeypatch.setattr(module, "read_image", lambda path: pytest.fail(f"{path} was read again"))
    assert np.array_equal(thumbnail(image, tmp_path / "kept"), first)


def test_a_changed_image_is_read_again(image: Path, tmp_path: Path) -> None:
    thumbnail(image, tmp_path / "kept")
    Image.new("RGB", (64, 64), (255, 0, 0)).save(image)
    os.utime(image, (0, 0))
    assert thumbnail(image, tmp_path / "kept")[0, 0].tolist() == [255, 0, 0]


def test_a_damaged_entry_is_made_anew(image: Path, tmp_path: Path) -> None:
    first = thumbnail(image, tmp_path / "kept")
    (entry,) = (tmp_path / "kept").iterdir()
    entry.write_bytes(b"no picture")
    assert np.array_equal(thumbnail(image, tmp_path / "kept"), first)


def test_a_folder_that_cannot_be_written_costs_only_time(image: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    assert thumbnail(image, tmp_path / "kept").shape == (SIDE // 2, SIDE, 3)


def test_an_image_that_cannot_be_read_leaves_a_gap(image: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        thumbnail(tmp_path / "missing.png")
    made = thumbnails([("a", image), ("b", tmp_path / "missing.png")])
    assert made["b"] is None
    assert made["a"] is not None


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAPARI_UNLEARN_CACHE", str(tmp_path))
    assert default_folder() == tmp_path / "thumbnails"
