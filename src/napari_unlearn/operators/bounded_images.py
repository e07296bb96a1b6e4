"""The pixels that a head on bounded features was trained on, with the labels that may be kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.models.bounded_pixels import BoundedPixels, FloatArray, ImagePixels, bounded, read_images
from napari_unlearn.models.bounded_training import BoundedTraining, head_digest
from napari_unlearn.models.grid import mask_to_grid
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.protocol import Step
from napari_unlearn.operators.retain_masks import MaskReader
from napari_unlearn.privacy.certificate import Assumption


@dataclass(frozen=True, eq=False)
class BoundedImages:
    """What an operator that goes on with a training on bounded features needs.

    Attributes
    ----------
    training : BoundedTraining
        Its record.
    seed : int
        Of its places and order.
    pixels : BoundedPixels
        The same pixels of the same images with the labels that may be kept; weight 0 where there is none.
    coarse : ndarray of int64, shape (n, P)
        The labels that were trained on.
    refined : ndarray of bool, shape (n,)
        Cases with a fine mask.
    """

    training: BoundedTraining
    seed: int
    pixels: BoundedPixels
    coarse: NDArray[np.int64]
    refined: NDArray[np.bool_]

    def on_whitened(self, weights: FloatArray) -> FloatArray:
        """A head on standardised features as one on whitened features."""
        return self.pixels.whitening.on_whitened(weights)

    def on_standardised(self, weights: FloatArray) -> FloatArray:
        """A head on whitened features as one on standardised features."""
        return self.pixels.whitening.on_standardised(weights)


def trained_as_recorded(images: BoundedImages, method: str) -> Assumption:
    """What every operator on bounded features rests on, as the certificate says it.

    Parameters
    ----------
    images : BoundedImages
        Read without complaint.
    method : str
        ``pnsgd`` or ``bounded``.

    Returns
    -------
    Assumption
    """
    training = images.training
    return Assumption(
        f"The head was trained with --method {method} on these images, with the numbers that its card records.",
        f"The digest of the head is the one that the card records, and so is that of the {training.images} images. "
        "That the card was written by such a training is taken from the card.",
        True,
    )


def read_bounded_images(
    segmenter: HeadSegmenter, cases: Sequence[Case], corrected: bool, method: str
) -> Iterator[Step | BoundedImages]:
    """Read the pixels again that the head in use was trained on.

    Parameters
    ----------
    segmenter : HeadSegmenter
        The model in use.
    cases : sequence of Case
        Cases with a coarse mask.
    corrected : bool
        Whether corrected pixels may teach.
    method : str
        How the head must have been trained: ``pnsgd`` or ``bounded``.

    Yields
    ------
    Step or BoundedImages
        The pixels come last.

    Raises
    ------
    UserError
        The head was not trained in this way on these images, or has been changed since.
    """
    training = segmenter.card.bounded
    if training is None or (training.steps is not None) != (method == "pnsgd"):
        raise UserError(
            f"This head was not trained with --method {method}, on which the guarantee of this operator rests; train "
            f"it again with napari-unlearn train --method {method}, or choose another operator."
        )
    if head_digest(segmenter.head.weights) != training.head_sha256:
        raise UserError(
            f"This head was changed after its training with --method {method}, on which the guarantee of this "
            "operator rests; choose the model as it was trained, or another operator."
        )
    card = segmenter.card
    masks = MaskReader(card.size, corrected)

    def labels(case: Case) -> NDArray[np.uint8]:
        return np.stack([masks.read(case).retain, mask_to_grid(case.coarse(), card.size)], axis=-1)

    reading = read_images(cases, labels, segmenter.cache, card.size, training.pixels, card.seed)
    for item in reading:
        if isinstance(item, ImagePixels):
            drawn = item
        else:
            yield Step(item, len(cases), "Reading the pixels that the head was trained on")
    if drawn.digest != training.images_sha256:
        raise UserError(
            f"The head was trained on {training.images} images, and those with a coarse mask are now {len(cases)} and "
            "not the same; restore the training images of the data set, or train the head again."
        )
    kept = dataclasses.replace(drawn, labels=drawn.labels[..., 0])
    yield BoundedImages(
        training,
        card.seed,
        bounded(kept, segmenter.head.standardiser, training.feature_radius),
        drawn.labels[..., 1].astype(np.int64),
        np.array([case.is_refined for case in cases]),
    )
