"""Whole images with labels at some of their pixels: what a U-Net learns from, and what it forgets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.models.images_at_once import images_at_once
from napari_unlearn.models.normalisation import BATCH
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.unet_training import oriented
from napari_unlearn.operators.protocol import FloatArray


class LabelledImages:
    """Draws images with the probability of their weight, in any orientation; see `Batches`.

    An image without a single label teaches nothing and is left out.

    Parameters
    ----------
    images : sequence of Tensor of uint8, shape (3, h, w)
        On the working grid.
    labels : sequence of ndarray of uint8, shape (h, w)
        Class ids; `IGNORE` where there is no label to use.
    weights : sequence of float
        Of each image; only their proportions count.
    """

    def __init__(self, images: Sequence[Tensor], labels: Sequence[NDArray[np.uint8]], weights: Sequence[float]) -> None:
        kept = [i for i, own in enumerate(labels) if weights[i] > 0 and (own != IGNORE).any()]
        self.images = [images[i] for i in kept]
        self.labels = [torch.from_numpy(np.array(labels[i])) for i in kept]
        chances = np.array([weights[i] for i in kept], float)
        self.chances: FloatArray = chances / chances.sum() if len(kept) else chances
        self._pixels = sum(int((own != IGNORE).sum()) for own in self.labels)
        self._shapes = sorted({tuple(own.shape) for own in self.labels})

    def __len__(self) -> int:
        return self._pixels

    def draw(self, pixels: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """See `Batches.draw`; all images of a batch have one shape, `BATCH` at least unless memory is short.

        Parameters
        ----------
        pixels : int
            As many images are drawn as have so many pixels, labelled or not.
        rng : numpy.random.Generator
            Source of the draw.

        Returns
        -------
        images : Tensor of float32, shape (N, 3, h, w)
            From 0 to 1.
        labels : Tensor of int64, shape (N, h, w)
        """
        if not len(self):
            return torch.empty(0, 3, 32, 32), torch.empty(0, 32, 32, dtype=torch.int64)
        members, chances = self._of_one_shape(rng)
        count = images_at_once(max(BATCH, -(-pixels // self.labels[members[0]].numel())))
        chosen = rng.choice(members, count, p=chances / chances.sum())
        images, labels = oriented([(self.images[i], self.labels[i]) for i in chosen], rng)
        return images.float() / 255, labels

    def _of_one_shape(self, rng: np.random.Generator) -> tuple[NDArray[np.intp], FloatArray]:
        groups = [np.flatnonzero([tuple(own.shape) == shape for own in self.labels]) for shape in self._shapes]
        share = np.array([self.chances[group].sum() for group in groups])
        group = groups[int(rng.choice(len(groups), p=share / share.sum()))]
        return group, self.chances[group]
