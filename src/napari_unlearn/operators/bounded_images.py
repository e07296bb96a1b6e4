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
from napari_unlearn.models.head import Standardiser
from napari_unlearn.models.noisy_sgd import smoothness
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.protocol import Step
from napari_unlearn.operators.retain_masks import MaskReader
from napari_unlearn.operators.withdrawal import Withdrawal
from napari_unlearn.privacy.certificate import Assumption

_ROUNDING = 1e-9


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
        Whether an image teaches where its lesion is; of the others only certain background is known.
    lesion_free : ndarray of bool, shape (n,)
        Whether an image has no lesion in any of its masks, or is composed and what was put into it has none.
    composed : int
        How many of the images, the last ones, are composed of others: the head was not trained on these.
    any_start : bool
        Whether nothing may be assumed of the head but that it lies in the ball of the training: whole cases were
        withdrawn, whose images had a part in the features that it was trained on, or composed cases had a part in the
        request before this one.
    lesion_free_share : float
        Of the weight of images without a lesion, what composed ones shall carry.
    """

    training: BoundedTraining
    seed: int
    pixels: BoundedPixels
    coarse: NDArray[np.int64]
    refined: NDArray[np.bool_]
    lesion_free: NDArray[np.bool_]
    composed: int = 0
    any_start: bool = False
    lesion_free_share: float = 0.0

    def with_composed(
        self,
        features: NDArray[np.float32],
        labels: NDArray[np.uint8],
        lesion_free: NDArray[np.bool_],
        standardiser: Standardiser,
        share: float,
        lesion_free_share: float,
    ) -> BoundedImages:
        """Put composed cases behind the images.

        Parameters
        ----------
        features : ndarray of float32, shape (k, P, F)
            Raw features, of as many pixels as of the other images.
        labels : ndarray of uint8, shape (k, P)
            Class ids.
        lesion_free : ndarray of bool, shape (k,)
            Whether what was put into the surroundings is no lesion.
        standardiser : Standardiser
            Of the head in use.
        share, lesion_free_share : float
            Of the weight of images that teach where a lesion is, and of those without one, at most, that the composed
            ones carry. No weight is raised.

        Returns
        -------
        BoundedImages
        """
        count = len(self.pixels)
        pixels = self.pixels.and_more(features, labels, standardiser)
        weights = pixels.weights.copy()
        # Where all images of the training have lesions, there is no other kind that composed ones could belong to.
        joined = np.concatenate([self.lesion_free, lesion_free & self.lesion_free.any()])
        teaches = np.concatenate([self.refined, np.ones(len(labels), np.bool_)])
        for kind, part in ((teaches & ~joined, share), (joined, lesion_free_share)):
            own, added = np.flatnonzero(kind[:count]), count + np.flatnonzero(kind[count:])
            if (mass := weights[added].sum()) > 0 and part < 1:
                weights[added] *= min(1.0, part / (1 - part) * weights[own].sum() / mass)
        return dataclasses.replace(
            self,
            pixels=dataclasses.replace(pixels, weights=weights),
            coarse=np.concatenate([self.coarse, pixels.labels[count:]]),
            refined=teaches,
            lesion_free=joined,
            composed=len(labels),
            lesion_free_share=lesion_free_share,
        )

    def in_whole(self, masses: FloatArray) -> BoundedImages:
        """Leave composed cases out instead of letting more of them count for a part.

        An image that counts for a part takes as much of a step as any other, and beside a loss that weighs less, the
        pull towards zero weighs more.

        Parameters
        ----------
        masses : ndarray of float64, shape (n,)
            What each image is to count for; of composed ones with a lesion, and of those without, only the sum is used.

        Returns
        -------
        BoundedImages
            The composed cases that are left have their whole weight. They are taken in even steps, so that each case
            keeps a part in them.
        """
        stays, added = np.ones(len(self.pixels), np.bool_), np.arange(len(self.pixels)) >= self.training.images
        for kind in (added & self.lesion_free, added & ~self.lesion_free):
            rows = np.flatnonzero(kind)
            whole = int(masses[rows].sum() + _ROUNDING)
            stays[rows] = False
            stays[rows[np.arange(whole) * len(rows) // max(1, whole)]] = True
        # A pixel without a label has weight 0, and must keep it.
        known = (self.pixels.weights > 0) / self.pixels.labels.shape[1]
        weights = np.where(added[:, None], known, self.pixels.weights)
        return dataclasses.replace(
            self,
            pixels=dataclasses.replace(
                self.pixels,
                features=self.pixels.features[stays],
                labels=self.pixels.labels[stays],
                weights=weights[stays],
            ),
            coarse=self.coarse[stays],
            refined=self.refined[stays],
            lesion_free=self.lesion_free[stays],
            composed=int(stays[added].sum()),
        )

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
    how = f"was trained with --method {method} on these images"
    if training.steps is not None and training.steps.distance > 0:
        how = f"is what earlier requests, the last of them on these images, made of a training with --method {method}"
    return Assumption(
        f"The head {how}, with the numbers that its card records.",
        f"The digest of the head is the one that the card records, and so is that of the {training.images} images. "
        "That the card was written by such a training is taken from the card.",
        True,
    )


def in_the_ball(images: BoundedImages) -> Assumption:
    """What takes the place of `trained_as_recorded` where nothing but the ball is known, see `BoundedImages`.

    Parameters
    ----------
    images : BoundedImages
        Those of the request.

    Returns
    -------
    Assumption
    """
    training = images.training
    assert training.steps is not None
    if training.steps.composed:
        return Assumption(
            "Nothing is assumed of how the head was trained, since composed cases had a part in the request before.",
            f"The head was moved into the ball of radius {training.steps.projection_radius:g}; any two heads in it are "
            "at most twice that apart, whatever composed cases the other learned from.",
            True,
        )
    return Assumption(
        "Nothing is assumed of how the head was trained, since withdrawn images had a part in its features.",
        f"Scale, whitening and length of features and the step size were computed anew from the {training.images} "
        "images that are left. The head was written down for these features and moved into the ball of radius "
        f"{training.steps.projection_radius:g}; any two heads in it are at most twice that apart.",
        True,
    )


def read_bounded_images(
    segmenter: HeadSegmenter,
    cases: Sequence[Case],
    corrected: bool,
    method: str,
    withdrawal: Withdrawal | None = None,
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
    withdrawal : Withdrawal or None
        Whole cases that are not among the others any more; the head is written down for features without them, see
        `operators.withdrawal.without_their_images`. Only with ``pnsgd``.

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
    if withdrawal is None and head_digest(segmenter.head.weights) != training.head_sha256:
        raise UserError(
            f"This head was changed after its training with --method {method}, on which the guarantee of this "
            "operator rests; choose the model as it was trained, or another operator."
        )
    card = segmenter.card
    masks = MaskReader(card.size, corrected, withdrawal)
    lesion_free: list[bool] = []

    def labels(case: Case) -> NDArray[np.uint8]:
        kept = masks.read(case)
        lesion_free.append(kept.lesion_free)
        return np.stack([kept.retain, mask_to_grid(case.coarse(), card.size)], axis=-1)

    reading = read_images(cases, labels, segmenter.cache, card.size, training.pixels, card.seed)
    for item in reading:
        if isinstance(item, ImagePixels):
            drawn = item
        else:
            yield Step(item, len(cases), "Reading the pixels that the head was trained on")
    kept = dataclasses.replace(drawn, labels=drawn.labels[..., 0])
    coarse = drawn.labels[..., 1].astype(np.int64)
    refined = np.array([case.is_refined for case in cases])
    standardiser = segmenter.head.standardiser
    if withdrawal is not None:
        pixels = bounded(kept, standardiser)
        yield BoundedImages(
            _anew(training, pixels, card.seed),
            card.seed,
            pixels,
            coarse,
            refined | withdrawal.keep_coarse,
            np.array(lesion_free),
            any_start=True,
        )
        return
    if drawn.digest != training.images_sha256:
        raise UserError(
            f"The head was trained on {training.images} images, and those with a coarse mask are now {len(cases)} and "
            "not the same; restore the training images of the data set, include excluded cases again, or train the "
            "head again."
        )
    pixels = bounded(kept, standardiser, training.feature_radius)
    any_start = training.steps is not None and training.steps.composed > 0
    yield BoundedImages(training, card.seed, pixels, coarse, refined, np.array(lesion_free), any_start=any_start)


def _anew(training: BoundedTraining, pixels: BoundedPixels, seed: int) -> BoundedTraining:
    """The record as it would be of a training on fewer images; only its recipe is taken over."""
    assert training.steps is not None
    batch_size = min(training.steps.batch_size, len(pixels))
    curvature = smoothness(pixels, training.strong_convexity, batch_size, seed)
    steps = dataclasses.replace(
        training.steps,
        batch_size=batch_size,
        step_size=1 / curvature,
        smoothness=curvature,
        distance=0.0,
        spent=1,
        composed=0,
    )
    return dataclasses.replace(
        training, images=len(pixels), feature_radius=pixels.radius, images_sha256=pixels.digest, steps=steps
    )
