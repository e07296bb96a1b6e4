"""The pixels that a head on bounded features was trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.models.bounded_fit import BoundedRecipe, fit_bounded
from napari_unlearn.models.bounded_training import BoundedTraining
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.head import PixelHead
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.bounded_images import BoundedImages, read_bounded_images, trained_as_recorded

RECIPE = BoundedRecipe(pixels=30, strong_convexity=0.1)


@pytest.fixture(scope="module")
def segmenter(sample: Dataset, model: Path) -> HeadSegmenter:
    """A head that is the minimum of its training on bounded features."""
    plain = load_segmenter(model)
    assert isinstance(plain, HeadSegmenter)
    *_, made = fit_bounded(sample.split("train"), plain.cache, 64, 3, RECIPE, 4, None)
    assert isinstance(made, tuple)
    head, training = made
    assert isinstance(head, PixelHead)
    assert isinstance(training, BoundedTraining)
    return HeadSegmenter(dataclasses.replace(plain.card, seed=4, bounded=training), plain.encoder, head, plain.cache)


def read(segmenter: HeadSegmenter, cases: Sequence[Case], corrected: bool = True) -> BoundedImages:
    *steps, images = read_bounded_images(segmenter, cases, corrected, "bounded")
    assert isinstance(images, BoundedImages)
    assert len(steps) == len(cases)
    return images


def test_labels_are_those_that_may_be_kept(segmenter: HeadSegmenter, sample: Dataset) -> None:
    images = read(segmenter, sample.split("train"))
    known = images.pixels.weights > 0
    inside = images.coarse > 0
    assert known[images.refined].all()
    np.testing.assert_array_equal(known[~images.refined], ~inside[~images.refined])
    assert (images.pixels.labels[~images.refined] == 0).all()
    corrected = images.refined[:, None] & (images.pixels.labels != images.coarse)
    assert corrected.any()
    assert (images.pixels.labels[corrected] == 0).all()


def test_corrected_pixels_can_be_left_out(segmenter: HeadSegmenter, sample: Dataset) -> None:
    with_them, without = (read(segmenter, sample.split("train"), corrected) for corrected in (True, False))
    changed = with_them.refined[:, None] & (with_them.pixels.labels != with_them.coarse)
    assert (without.pixels.weights[changed] == 0).all()
    kept = with_them.refined[:, None] & ~changed
    np.testing.assert_array_equal(without.pixels.weights[kept], with_them.pixels.weights[kept])


def test_a_head_goes_to_whitened_features_and_back(segmenter: HeadSegmenter, sample: Dataset) -> None:
    images = read(segmenter, sample.split("train"))
    there = images.on_whitened(segmenter.head.weights)
    np.testing.assert_allclose(images.on_standardised(there), segmenter.head.weights, atol=1e-9)


def test_the_certificate_says_what_is_taken_from_the_card(segmenter: HeadSegmenter, sample: Dataset) -> None:
    assumption = trained_as_recorded(read(segmenter, sample.split("train")), "bounded")
    assert "--method bounded" in assumption.sentence
    assert "12 images" in assumption.checked
    assert "taken from the card" in assumption.checked


def refusal(segmenter: HeadSegmenter, cases: Sequence[Case], method: str = "bounded") -> str:
    with pytest.raises(UserError) as caught:
        list(read_bounded_images(segmenter, cases, True, method))
    return str(caught.value)


def test_a_head_that_was_trained_otherwise_is_refused(segmenter: HeadSegmenter, sample: Dataset, model: Path) -> None:
    cases = sample.split("train")
    plain = load_segmenter(model)
    assert isinstance(plain, HeadSegmenter)
    for head in (plain, segmenter):
        assert refusal(head, cases, "pnsgd") == (
            "This head was not trained with --method pnsgd, on which the guarantee of this operator rests; train it "
            "again with napari-unlearn train --method pnsgd, or choose another operator."
        )
    assert refusal(plain, cases).startswith("This head was not trained with --method bounded,")


def test_a_head_that_was_changed_since_is_refused(segmenter: HeadSegmenter, sample: Dataset) -> None:
    head = dataclasses.replace(segmenter.head, weights=segmenter.head.weights + 1e-12)
    assert refusal(dataclasses.replace(segmenter, head=head), sample.split("train")) == (
        "This head was changed after its training with --method bounded, on which the guarantee of this operator "
        "rests; choose the model as it was trained, or another operator."
    )


def test_other_images_are_refused(segmenter: HeadSegmenter, sample: Dataset) -> None:
    assert refusal(segmenter, sample.split("train")[:-1]) == (
        "The head was trained on 12 images, and those with a coarse mask are now 11 and not the same; restore the "
        "training images of the data set, or train the head again."
    )
