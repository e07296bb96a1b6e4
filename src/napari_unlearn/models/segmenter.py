"""What a model does, whatever it is made of: an image in, class probabilities for every pixel out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_unlearn.models.bounded_training import BoundedTraining
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.head import PixelHead

_RARE = 1e-9


@dataclass(frozen=True)
class ModelCard:
    """What has to be known about a model to use it and to judge it.

    Attributes
    ----------
    classes : tuple of str
        Names, background first.
    positive : int
        Class whose pooled probability is the diagnosis score.
    size : int
        Long side of the working grid in pixels.
    trainable : str
        Which part saw mask labels: ``head``, ``decoder`` or ``all``.
    masks : str
        Which masks it was fitted on: ``coarse``, ``fine`` or ``unlearned``.
    trained_on : str
        Name of the data set.
    cases : int
        How many cases it was fitted on.
    seed : int
        Seed of everything drawn at random in training (never of privacy noise).
    public_encoder : str
        SHA-256 of the public encoder that a wholly trained model started from; empty where the model holds it itself.
    bounded : BoundedTraining or None
        Record of a head's training on bounded features.
    withdrawn : tuple of str
        SHA-256 of the id of every case that was forgotten whole: runs that start from the model leave these cases out.
        Tells what the model may learn from next, not what it is, so it has no part in a comparison.
    """

    classes: tuple[str, ...]
    positive: int
    size: int
    trainable: str
    masks: str
    trained_on: str
    cases: int
    seed: int
    public_encoder: str = ""
    bounded: BoundedTraining | None = None
    withdrawn: tuple[str, ...] = field(default=(), compare=False)


class Segmenter(Protocol):
    """A model that can be applied, evaluated and saved."""

    card: ModelCard

    def logits(self, image: NDArray[np.uint8]) -> Tensor:
        """Class scores of one image on the working grid, (K + 1, h, w) float32."""
        ...

    def composed_logits(self, image: NDArray[np.uint8]) -> Tensor:
        """Like `logits`, for an image that is used once."""
        ...


@dataclass(eq=False)
class HeadSegmenter:
    """A linear head on a frozen public encoder.

    Attributes
    ----------
    card : ModelCard
        Facts.
    encoder : Encoder
        Frozen.
    head : PixelHead
        All that mask labels ever touched.
    cache : FeatureCache
        Keeps the encoder's maps on disk.
    """

    card: ModelCard
    encoder: Encoder
    head: PixelHead
    cache: FeatureCache

    @torch.inference_mode()
    def logits(self, image: NDArray[np.uint8]) -> Tensor:
        """Class scores of one image.

        Parameters
        ----------
        image : ndarray of uint8, shape (H, W, 3)
            RGB.

        Returns
        -------
        Tensor of float32, shape (K + 1, h, w)
        """
        levels = self.cache.levels(image_to_grid(image, self.card.size))
        return self.head.logits([level[None] for level in levels])[0]

    @torch.inference_mode()
    def composed_logits(self, image: NDArray[np.uint8]) -> Tensor:
        """Like `logits`, for an image that is used once and not worth keeping maps of."""
        levels = self.cache.compute(image_to_grid(image, self.card.size)[None])[0]
        return self.head.logits([level[None] for level in levels])[0]


def predict_mask(segmenter: Segmenter, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Most probable class of every pixel of the image.

    Parameters
    ----------
    segmenter : Segmenter
        Any model.
    image : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Class ids.
    """
    height, width = image.shape[:2]
    return mask_of(segmenter.logits(image), (height, width))


def mask_of(logits: Tensor, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Most probable class of every pixel, from class scores on a grid.

    Parameters
    ----------
    logits : Tensor, shape (K + 1, h, w)
        Class scores.
    shape : tuple of int
        Height and width of the image.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Class ids.
    """
    if logits.shape[-2:] != shape:
        logits = functional.interpolate(logits[None], size=shape, mode="bilinear", align_corners=False)[0]
    best, mask = logits[0], torch.zeros(shape, dtype=torch.uint8, device=logits.device)
    # Class by class: torch's argmax over the first axis takes a quarter as long as the encoder.
    for class_id, scores in enumerate(logits[1:], 1):
        mask.masked_fill_(scores > best, class_id)
        best = torch.maximum(best, scores)
    return mask.numpy()


def pooled_probabilities(logits: Tensor) -> NDArray[np.float64]:
    """Average class probability over all pixels of a case ("average pixel pooling").

    Parameters
    ----------
    logits : Tensor, shape (K + 1, h, w)
        Class scores.

    Returns
    -------
    ndarray of float64, shape (K + 1,)
        Sums to 1.
    """
    pooled = torch.softmax(logits.float(), dim=0).mean(dim=(1, 2), dtype=torch.float64)
    if pooled.min() < _RARE:
        # The score is a share of the foreground, however little there is, and small float32 numbers become 0.
        pooled = torch.softmax(logits.double(), dim=0).mean(dim=(1, 2))
    return pooled.numpy()


def diagnosis_score(pooled: NDArray[np.float64], positive: int) -> float:
    """How much the pooled foreground speaks for the positive class.

    With several foreground classes it is the positive share of the foreground, so that a large lesion does not count as
    a malignant one; with one foreground class it is that class's pooled probability.

    Parameters
    ----------
    pooled : ndarray of float64, shape (K + 1,)
        From `pooled_probabilities`.
    positive : int
        Class id.

    Returns
    -------
    float
        Between 0 and 1.
    """
    if len(pooled) == 2:
        return float(pooled[positive])
    foreground = float(pooled[1:].sum())
    # Without any foreground every class is as likely as the others.
    return float(pooled[positive]) / foreground if foreground > 0 else 1 / (len(pooled) - 1)
