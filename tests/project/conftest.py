"""A small data set of the project's own layout, written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.encode import write_mask


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Three cases of 20 x 30 pixels; `b` has a fine mask, `z` is a test case."""
    root = tmp_path / "dataset"
    (root / "images").mkdir(parents=True)
    for case_id in "abz":
        Image.new("RGB", (30, 20), (200, 150, 130)).save(root / "images" / f"{case_id}.png")
        coarse = np.zeros((20, 30), np.uint8)
        coarse[4:16, 5:25] = 2 if case_id == "a" else 1
        write_mask(root / "coarse" / f"{case_id}.png", coarse)
    fine = np.zeros((20, 30), np.uint8)
    fine[6:14, 8:22] = 1
    write_mask(root / "fine" / "b.png", fine)
    (root / "metadata.csv").write_text("id,split,diagnosis\na,train,malignant\nb,train,benign\nz,a_test,benign\n")
    (root / "dataset.toml").write_text('classes = ["background", "benign", "malignant"]\n')
    return open_dataset(root)
