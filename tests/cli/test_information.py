"""The information curve from the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from napari_unlearn.data.dataset import Dataset


def test_the_curve_goes_from_boxes_to_exact_masks(told: Callable[..., dict[str, Any]], sample: Dataset) -> None:
    result = told("information", sample.root)
    assert result["cases"] == len(sample.refined())
    curve = result["curve"]
    assert [point["coarseness"] for point in curve] == ["box", "8% wider", "4% wider", "2% wider", "1% wider", "exact"]
    assert curve[0]["s_global"] > curve[-1]["s_global"] == 0
    assert all(point["low"] <= point["normalised"] <= point["high"] for point in curve)


def test_people_see_a_table(type_: Callable[..., Result], sample: Dataset) -> None:
    result = type_("information", sample.root)
    assert result.exit_code == 0
    assert "Nats a mask pixel" in result.stdout


def test_too_few_fine_masks_are_told(refused: Callable[..., str], sample: Dataset, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "copy"))
    shutil.rmtree(copy / "fine")
    assert "has 0 cases with both a fine mask and an artefact map" in refused("information", copy)
