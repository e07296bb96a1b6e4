"""Predicting from the command line."""

from __future__ import annotations

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
