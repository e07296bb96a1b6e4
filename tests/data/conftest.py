"""Small data sets to open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

SHAPE = (6, 8)


def save(path: Path, value: int | NDArray[np.uint8] = 0) -> Path:
    """Save an image (JPEG) or a mask of one value (any other format)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (*SHAPE, 3) if path.suffix.lower() in (".jpg", ".jpeg") else SHAPE
    pixels = value if isinstance(value, np.ndarray) else np.full(shape, value, np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def saved() -> Callable[..., Path]:
    return save


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write a data set folder: class of the coarse mask by id, and the text of metadata.csv and dataset.toml."""

    def make(coarse: Mapping[str, int | None], table: str | None = None, settings: str | None = None) -> Path:
        root = tmp_path / "set"
        for case_id, value in coarse.items():
            save(root / "images" / f"{case_id}.jpg", 100)
            if value is not None:
                save(root / "coarse" / f"{case_id}.png", value)
        if table is not None:
            (root / "metadata.csv").write_text(table, encoding="utf-8")
        if settings is not None:
            (root / "dataset.toml").write_text(settings, encoding="utf-8")
        return root

    return make
