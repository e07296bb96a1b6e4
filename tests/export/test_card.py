"""The page that goes with an export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.export.card import read_me, run_card
from napari_unlearn.export.facts import facts_of
from napari_unlearn.models.checkpoint import load_segmenter

FOUND = {
    "images": 3,
    "pixels": 400,
    "largest_probability_difference": 1.5e-4,
    "different_pixels": 2,
}


@pytest.fixture
def facts(unet: Path) -> dict[str, Any]:
    """Facts of a measured export."""
    return {**facts_of(load_segmenter(unet), "huggingface", "ab", None), "round_trip": FOUND}


def test_it_says_what_was_measured_and_that_there_is_no_certificate(facts: dict[str, Any], tmp_path: Path) -> None:
    page = read_me(run_card(None, tmp_path), facts, "predict()\n")
    assert "probability is 0.00015, and 2 of 400 pixels" in page
    assert "**No certificate.**" in page
    assert "Not a medical device" in page
    assert "```python\npredict()\n```" in page
    assert "Classes, in the order of the scores: 0 background, 1 benign, 2 malignant." in page


def test_the_front_matter_is_for_hugging_face_alone(facts: dict[str, Any], tmp_path: Path) -> None:
    page = read_me(run_card(None, tmp_path), facts, "")
    front = page.split("---\n")[1]
    entries = dict(line.split(": ", 1) for line in front.splitlines())
    assert json.loads(entries["pipeline_tag"]) == "image-segmentation"
    assert json.loads(entries["library_name"]) == "segmentation-models-pytorch"
    assert read_me(run_card(None, tmp_path), {**facts, "format": "onnx"}, "").startswith("# Model card")


def test_names_of_classes_are_no_markup(facts: dict[str, Any], tmp_path: Path) -> None:
    facts["model"]["classes"] = ["background", "<script>*x*"]
    page = read_me(run_card(None, tmp_path), facts, "")
    assert "1 \\<script\\>\\*x\\*" in page
    assert "<script>" not in page.replace("\\<script\\>", "")
