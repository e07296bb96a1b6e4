"""What an export says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_unlearn.export.facts import facts_of
from napari_unlearn.models.checkpoint import load_segmenter


@pytest.mark.parametrize(
    ("form", "dtype", "where"),
    [("onnx", "uint8", "inside"), ("torch", "uint8", "inside"), ("safetensors", "float32", "before")],
)
def test_it_says_who_normalises(unet: Path, form: str, dtype: str, where: str) -> None:
    image = facts_of(load_segmenter(unet), form, "0" * 64, None)["input"]
    assert image["dtype"] == dtype
    assert image["normalisation"] == f"(value / 255 - mean) / std, {where} the network"


def test_a_network_is_named_with_what_makes_it(model: Path, unet: Path) -> None:
    head = facts_of(load_segmenter(model), "onnx", "ab", None)["model"]
    assert (head["class"], head["arguments"]) == ("PixelHead", {"encoder_name": "tu-test_efficientnet", "classes": 3})
    whole = facts_of(load_segmenter(unet), "onnx", "ab", None)["model"]
    assert whole["class"] == "Unet"
    assert whole["arguments"]["encoder_weights"] is None  # nothing is downloaded
    assert (whole["weights_sha256"], whole["tier"]) == ("ab", None)


def test_withdrawn_cases_and_data_sets_are_nobody_elses_business(model: Path) -> None:
    segmenter = load_segmenter(model)
    said = json.dumps(facts_of(segmenter, "onnx", "ab", None))
    assert segmenter.card.trained_on
    assert segmenter.card.trained_on not in said
    assert "withdrawn" not in said
