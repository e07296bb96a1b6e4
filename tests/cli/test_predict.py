"""Predicting from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import Result
from PIL import Image

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import predict_mask


def test_masks_are_written_as_class_ids(
    told: Callable[..., dict[str, Any]], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    wanted = ("train-0002", "aligned-0003")
    options = [part for name in wanted for part in ("--case", name)]
    result = told("predict", sample.root, model, "--out", tmp_path / "out", *options)
    assert result == {"folder": str(tmp_path / "out"), "cases": 2}
    segmenter = load_segmenter(model)
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == sorted(wanted)
    for name in wanted:
        with Image.open(tmp_path / "out" / f"{name}.png") as mask:
            np.testing.assert_array_equal(mask, predict_mask(segmenter, sample.case(name).image()))


def test_without_names_all_cases_are_predicted(
    type_: Callable[..., Result], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    result = type_("predict", sample.root, model, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert result.stdout.startswith("Wrote 52 masks to ")
    assert len(list((tmp_path / "out").iterdir())) == 52


def test_failures_are_one_sentence(refused: Callable[..., str], sample: Dataset, model: Path, tmp_path: Path) -> None:
    assert "'nobody'" in refused("predict", sample.root, model, "--out", tmp_path / "out", "--case", "nobody")
    (tmp_path / "file").write_text("x")
    assert "cannot be saved" in refused("predict", sample.root, model, "--out", tmp_path / "file")


def test_masks_can_be_run_lengths_of_coco(
    told: Callable[..., dict[str, Any]], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    options = ["--case", "train-0002", "--masks-as", "coco"]
    assert told("predict", sample.root, model, "--out", tmp_path / "out", *options)["cases"] == 1
    written = json.loads((tmp_path / "out" / "annotations.json").read_text(encoding="utf-8"))
    assert [image["file_name"] for image in written["images"]] == [sample.case("train-0002").image_path.name]
    assert [category["name"] for category in written["categories"]] == list(sample.classes[1:])
    wanted = predict_mask(load_segmenter(model), sample.case("train-0002").image())
    areas = {entry["category_id"]: entry["area"] for entry in written["annotations"]}
    assert areas == {k: int((wanted == k).sum()) for k in (1, 2) if (wanted == k).any()}


def test_a_way_of_writing_that_cannot_be_is_refused_before_anything_is_predicted(
    refused: Callable[..., str], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    sentence = refused("predict", sample.root, model, "--out", tmp_path / "out", "--masks-as", "dicom-seg")
    assert "is not a DICOM file" in sentence
    assert "'tiff'" in refused("predict", sample.root, model, "--out", tmp_path / "out", "--masks-as", "tiff")
    assert not (tmp_path / "out").exists()
