"""Comparing what was loaded again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from napari_unlearn.errors import UserError
from napari_unlearn.export.round_trip import TOLERANCE, Predict, compare, drawn_images, round_trip
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import Segmenter, mask_of


def shifted(segmenter: Segmenter, shift: float) -> Predict:
    """The model itself, with the scores of the background moved."""

    def predict(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
        pixels = np.asarray(image)
        scores = segmenter.composed_logits(pixels).clone()
        scores[0] += shift
        return scores.numpy(), mask_of(scores, pixels.shape[:2])

    return predict


def test_the_drawn_images_are_the_same_every_time_and_of_three_shapes() -> None:
    one, other = drawn_images(64), drawn_images(64)
    assert [image.shape for image in one] == [(64, 64, 3), (70, 109, 3), (51, 19, 3)]
    assert all((a == b).all() for a, b in zip(one, other, strict=True))


def test_a_known_shift_is_found_to_its_size(unet: Path) -> None:
    segmenter = load_segmenter(unet)
    assert compare(segmenter, shifted(segmenter, 0.0)).largest_score_difference == 0
    found = compare(segmenter, shifted(segmenter, 1e-3))
    assert found.largest_score_difference == pytest.approx(1e-3, rel=1e-2)
    # The slope of a probability in its own score is p (1 - p), at most a quarter.
    assert 0 < found.largest_probability_difference <= 2.6e-4


@pytest.mark.parametrize("shift", [0.5, float("nan")])
def test_more_than_rounding_is_refused(unet: Path, shift: float) -> None:
    segmenter = load_segmenter(unet)
    with pytest.raises(UserError, match=f"more than rounding explains \\({TOLERANCE:g}\\)"):
        compare(segmenter, shifted(segmenter, shift))


def test_another_shape_is_refused(unet: Path) -> None:
    segmenter = load_segmenter(unet)

    def predict(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
        return torch.zeros(3, 8, 8).numpy(), np.zeros(np.asarray(image).shape[:2], np.uint8)

    with pytest.raises(UserError, match="predicts another shape"):
        compare(segmenter, predict)


def test_loading_again_leaves_no_trace(exported: Callable[[str, str], Path], run: Path) -> None:
    folder = exported("head", "safetensors")
    before, path = sorted(folder.rglob("*")), list(sys.path)
    round_trip(folder, load_segmenter(run / "model"))
    assert sorted(folder.rglob("*")) == before
    assert sys.path == path
    assert "pixel_head" not in sys.modules
