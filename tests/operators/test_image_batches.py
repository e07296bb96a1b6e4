"""Drawing whole images with labels at some of their pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.models.normalisation import BATCH
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.image_batches import LabelledImages


def image(value: int, height: int = 32, width: int = 32) -> Tensor:
    return torch.full((3, height, width), value, dtype=torch.uint8)


def mask(value: int, height: int = 32, width: int = 32) -> NDArray[np.uint8]:
    return np.full((height, width), value, np.uint8)


def test_images_come_as_numbers_from_0_to_1_with_their_labels() -> None:
    batches = LabelledImages([image(255), image(51)], [mask(1), mask(2)], [1, 1])
    images, labels = batches.draw(1, np.random.default_rng(0))
    assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
    assert images.shape == (BATCH, 3, 32, 32)
    for picture, own in zip(images, labels, strict=True):
        assert picture.unique().item() == pytest.approx({1: 1.0, 2: 0.2}[own.unique().item()])


@pytest.mark.parametrize(("pixels", "count"), [(1, BATCH), (8 * 32 * 32 + 1, 9), (20 * 32 * 32, 20)])
def test_there_are_enough_images_for_the_pixels_and_for_statistics(pixels: int, count: int) -> None:
    batches = LabelledImages([image(1)], [mask(1)], [1])
    assert len(batches.draw(pixels, np.random.default_rng(0))[1]) == count


def test_images_are_drawn_by_their_weight() -> None:
    batches = LabelledImages([image(k) for k in range(3)], [mask(k) for k in range(3)], [6, 3, 1])
    rng = np.random.default_rng(0)
    drawn = torch.cat([batches.draw(1, rng)[1][:, 0, 0] for _ in range(400)])
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / len(drawn), [0.6, 0.3, 0.1], atol=0.03)


def test_a_batch_has_one_shape_and_every_shape_its_share() -> None:
    shapes = [(32, 32), (32, 64), (32, 64), (32, 64)]
    batches = LabelledImages([image(k, *s) for k, s in enumerate(shapes)], [mask(1, *s) for s in shapes], [1] * 4)
    rng = np.random.default_rng(0)
    long = [batches.draw(1, rng)[1].shape[1:] != (32, 32) for _ in range(400)]
    assert np.mean(long) == pytest.approx(0.75, abs=0.07)


def test_an_image_without_a_label_or_weight_is_never_drawn() -> None:
    some = mask(IGNORE)
    some[0, :5] = 2
    batches = LabelledImages([image(k) for k in range(3)], [mask(IGNORE), some, mask(1)], [1, 1, 0])
    assert len(batches) == 5
    images, labels = batches.draw(1, np.random.default_rng(0))
    assert (images * 255).round().unique().tolist() == [1]
    assert ((labels != IGNORE).sum((1, 2)) == 5).all()


def test_where_there_is_nothing_nothing_is_drawn() -> None:
    batches = LabelledImages([image(1)], [mask(IGNORE)], [1])
    images, labels = batches.draw(100, np.random.default_rng(0))
    assert (len(batches), len(images), len(labels), images.ndim, labels.ndim) == (0, 0, 0, 4, 3)


def test_what_is_handed_out_can_be_changed_without_harm() -> None:
    source = mask(1)
    batches = LabelledImages([image(255)], [source], [1])
    images, labels = batches.draw(1, np.random.default_rng(0))
    images.zero_()
    labels.zero_()
    source[:] = 0
    images, labels = batches.draw(1, np.random.default_rng(0))
    assert (images.unique().item(), labels.unique().item()) == (1, 1)
