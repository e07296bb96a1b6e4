"""From an image to classes and to a diagnosis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import (
    HeadSegmenter,
    diagnosis_score,
    mask_of,
    pooled_probabilities,
    predict_mask,
)


@pytest.fixture(scope="module")
def segmenter(model: Path) -> HeadSegmenter:
    return load_segmenter(model)


def test_a_prediction_has_the_size_of_the_image_whatever_the_grid(segmenter: HeadSegmenter, sample: Dataset) -> None:
    image = sample.cases[0].image()
    assert segmenter.logits(image).shape == (3, 64, 64)
    larger = image.repeat(3, axis=0)[:150].repeat(2, axis=1)
    predicted = predict_mask(segmenter, larger)
    assert predicted.shape == larger.shape[:2] == (150, 128)
    assert predicted.dtype == np.uint8
    assert set(np.unique(predicted)) <= {0, 1, 2}


def test_the_most_probable_class_wins(segmenter: HeadSegmenter, sample: Dataset) -> None:
    image = sample.cases[0].image()
    np.testing.assert_array_equal(predict_mask(segmenter, image), segmenter.logits(image).argmax(0).numpy())


def test_a_composed_image_is_scored_like_any_other(segmenter: HeadSegmenter, sample: Dataset) -> None:
    image = sample.cases[1].image()
    torch.testing.assert_close(segmenter.composed_logits(image), segmenter.logits(image), atol=2e-2, rtol=0)


def test_the_model_learned_something(segmenter: HeadSegmenter, sample: Dataset) -> None:
    overlaps = []
    for case in sample.split("train"):
        predicted, coarse = predict_mask(segmenter, case.image()) > 0, case.coarse() > 0
        overlaps.append(2 * (predicted & coarse).sum() / (predicted.sum() + coarse.sum()))
    assert np.mean(overlaps) > 0.6


def test_pooling_averages_the_probabilities_of_pixels() -> None:
    logits = torch.zeros(2, 1, 2)
    logits[1, 0, 0] = torch.log(torch.tensor(3.0))
    np.testing.assert_allclose(pooled_probabilities(logits), [(0.25 + 0.5) / 2, (0.75 + 0.5) / 2], rtol=1e-6)


@given(seed=st.integers(0, 1000), classes=st.integers(2, 5), scale=st.floats(0, 200))
def test_pooled_probabilities_are_probabilities(seed: int, classes: int, scale: float) -> None:
    logits = scale * torch.randn(classes, 4, 5, generator=torch.Generator().manual_seed(seed))
    pooled = pooled_probabilities(logits)
    assert pooled.sum() == pytest.approx(1)
    assert 0 <= diagnosis_score(pooled, classes - 1) <= 1


@pytest.mark.parametrize("background", [0.0, 30.0, 200.0, 600.0])
def test_pooled_probabilities_keep_their_ratio_however_small(background: float) -> None:
    logits = torch.tensor([background, 1.0, 0.0]).view(3, 1, 1).expand(3, 4, 5)
    pooled = pooled_probabilities(logits)
    assert pooled[1] / pooled[2] == pytest.approx(np.e, rel=1e-6)


def test_with_one_lesion_class_the_score_is_its_probability() -> None:
    assert diagnosis_score(np.array([0.7, 0.3]), 1) == pytest.approx(0.3)


def test_with_more_classes_the_size_of_the_lesion_does_not_count() -> None:
    small, large = np.array([0.9, 0.02, 0.08]), np.array([0.5, 0.1, 0.4])
    assert diagnosis_score(small, 2) == pytest.approx(0.8)
    assert diagnosis_score(large, 2) == pytest.approx(0.8)
    assert diagnosis_score(large, 1) == pytest.approx(0.2)


def test_a_score_stays_a_number_where_no_foreground_is_left() -> None:
    logits = torch.zeros(3, 2, 2, dtype=torch.float64)
    logits[0] = 2000
    assert 0 <= diagnosis_score(pooled_probabilities(logits), 2) <= 1


@given(seed=st.integers(0, 100), classes=st.integers(2, 5))
def test_the_mask_holds_the_class_with_the_highest_score(seed: int, classes: int) -> None:
    scores = np.random.default_rng(seed).integers(0, 4, (classes, 9, 7)).astype(np.float32)
    # Of equal scores the first counts, as numpy has it.
    np.testing.assert_array_equal(mask_of(torch.from_numpy(scores), (9, 7)), scores.argmax(axis=0))
