"""The problem of revising a head: standardised pixels of a frozen encoder, and a convex objective on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.operators.bounded_images import BoundedImages
from napari_unlearn.operators.protocol import FloatArray, Learned


class PixelBatches:
    """Draws pixels of a set with the probability of their weight, so that a plain mean estimates the weighted one.

    Parameters
    ----------
    pixels : PixelSet
        What to draw from.
    """

    def __init__(self, pixels: PixelSet) -> None:
        self._pixels = pixels
        self._cumulative = np.cumsum(pixels.weights)

    def __len__(self) -> int:
        return len(self._pixels)

    def draw(self, pixels: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """See `Batches.draw`."""
        if not len(self):
            return torch.empty(0, self._pixels.features.shape[1]), torch.empty(0, dtype=torch.int64)
        rows = np.searchsorted(self._cumulative, rng.random(pixels) * self._cumulative[-1], side="right")
        rows = np.minimum(rows, len(self) - 1)
        return torch.from_numpy(self._pixels.features[rows]), torch.from_numpy(self._pixels.labels[rows])


@dataclass(frozen=True, eq=False)
class HeadProblem:
    """A `Problem` whose weights are a head.

    Attributes
    ----------
    retain_pixels : PixelSet
        Pixels of the retain set, of composed cases and, where the settings allow it, corrected pixels with their fine
        label.
    forget_pixels : PixelSet
        Pixels of the forget set that a person looked at, with the coarse label to forget.
    original : ndarray of float64, shape (K + 1, F + 1)
        The head in use.
    classes : int
        K + 1.
    strength : float
        Strong convexity of the retain objective.
    bounded : BoundedImages or None
        The pixels the head was trained on, for an operator that goes on with a training on bounded features.
    """

    retain_pixels: PixelSet
    forget_pixels: PixelSet
    original: FloatArray
    classes: int
    strength: float
    bounded: BoundedImages | None = None

    @cached_property
    def public(self) -> FloatArray:
        """The zero head."""
        return np.zeros_like(self.original)

    @cached_property
    def retain(self) -> PixelBatches:
        """See `Problem.retain`."""
        return PixelBatches(self.retain_pixels)

    @cached_property
    def forget(self) -> PixelBatches:
        """See `Problem.forget`."""
        return PixelBatches(self.forget_pixels)

    @cached_property
    def convex(self) -> ConvexProblem:
        """The retain objective."""
        return ConvexProblem(self.retain_pixels, self.classes, self.strength)

    def scores(self, weights: Tensor, inputs: Tensor) -> Tensor:
        """See `Problem.scores`."""
        return inputs @ weights.T.to(inputs.dtype)

    def loss_and_gradient(self, weights: FloatArray, rng: np.random.Generator) -> tuple[float, FloatArray]:
        """See `Problem.loss_and_gradient`; over every pixel, in float64."""
        loss, gradient = self.convex.loss_and_gradient(torch.from_numpy(weights))
        return loss, gradient.numpy()

    def learn(
        self, start: FloatArray, rounds: int, rng: np.random.Generator, tolerance: float = 1e-9
    ) -> Iterator[Learned]:
        """See `Problem.learn`; Newton's method."""
        for state in self.convex.newton(start, rounds, tolerance):
            yield Learned(state.weights, state.loss, state.residual)

    def retain_dice(self, weights: FloatArray) -> float:
        """See `Problem.retain_dice`; over weighted pixels."""
        pixels = self.retain_pixels
        predicted = (pixels.features @ weights.T.astype(np.float32)).argmax(axis=1) > 0
        true = pixels.labels > 0
        total = float(pixels.weights[predicted].sum() + pixels.weights[true].sum())
        return 2 * float(pixels.weights[predicted & true].sum()) / total if total else 1.0
