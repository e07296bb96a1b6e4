from __future__ import annotations

from pathlib import Path

import pytest

import napari_unlearn
from napari_unlearn.data import open_dataset
from napari_unlearn.data.sample import sample_folder
from napari_unlearn.errors import UserError


def test_the_sample_is_a_data_set_with_a_model_and_an_encoder() -> None:
    folder = sample_folder()
    dataset = open_dataset(folder / "dataset")
    train = dataset.split("train")
    assert (len(train), sum(case.is_refined for case in train)) == (60, 6)
    assert dataset.classes == ("background", "benign", "malignant")
    assert (folder / "model" / "model.json").is_file()


def test_a_missing_sample_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "lib" / "python" / "napari_unlearn"
    monkeypatch.setattr(napari_unlearn, "__file__", str(package / "__init__.py"))
    with pytest.raises(UserError, match="install napari-unlearn again"):
        sample_folder()
