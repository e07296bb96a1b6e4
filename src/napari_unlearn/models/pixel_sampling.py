"""Which pixels of a case the head is fitted on.

A case has tens of thousands of pixels and neighbours say the same, so a few hundred are drawn: half from the lesion,
half from the background, each weighted by the area it stands for. Background near the lesion is where a head goes
wrong, so half of the background pixels come from there. The draw looks at the labels it is given and at nothing else,
so labels that are withheld (`IGNORE`) cannot influence it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.head import Standardiser, read_pixels
from napari_unlearn.models.ranks import ranks

IGNORE = 255
# How far from the lesion background counts as near, as a share of the long side: about what a coarse mask takes in.
NEAR = 0.1


@dataclass(frozen=True, eq=False)
class DrawnPixels:
    """Pixels of one or more cases with raw features.

    Attributes
    ----------
    features : ndarray of float32, shape (n, F)
        Raw features.
    labels : ndarray of int64, shape (n,)
        Class ids.
    weights : ndarray of float64, shape (n,)
        Share of the case's area that each pixel stands for; those of a fully labelled case sum to 1.
    near : ndarray of bool, shape (n,)
        Which pixels are background near a lesion.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]
    near: NDArray[np.bool_]

    def weighed(self, near_weight: float) -> NDArray[np.float64]:
        """Weights where background near a lesion counts `near_weight` times; float64, shape (n,)."""
        return self.weights * np.where(self.near, near_weight, 1.0)


def draw_pixels(
    levels: Sequence[Tensor] | None,
    labels: NDArray[np.uint8],
    count: int,
    rng: np.random.Generator,
) -> DrawnPixels:
    """Draw pixels of one case: half from the lesion, a quarter near it and a quarter elsewhere.

    Parameters
    ----------
    levels : sequence of Tensor, shape (C_l, H_l, W_l), or None
        Maps of the encoder; None where another process reads them, so that there are no features here.
    labels : ndarray of uint8, shape (h, w)
        Class ids on the grid; `IGNORE` where there is no label to use.
    count : int
        Pixels to draw.
    rng : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    DrawnPixels
        At most `count` pixels.
    """
    flat = labels.ravel()
    lesion = (labels > 0) & (labels != IGNORE)
    background = labels == 0
    if lesion.any():
        near = distance_transform_edt(~lesion) <= NEAR * max(labels.shape)
        strata = [(lesion, 2, False), (background & near, 1, True), (background & ~near, 1, False)]
    else:
        strata = [(background, 1, False)]
    filled = [(np.flatnonzero(where), share, is_near) for where, share, is_near in strata if where.any()]
    shares = sum(share for _, share, _ in filled)
    chosen: list[NDArray[np.intp]] = []
    weights: list[NDArray[np.float64]] = []
    nearby: list[NDArray[np.bool_]] = []
    for where, share, is_near in filled:
        n = min(len(where), max(1, count * share // shares))
        chosen.append(rng.choice(where, n, replace=False))
        weights.append(np.full(n, len(where) / n / flat.size))
        nearby.append(np.full(n, is_near))
    if not chosen:
        width = 0 if levels is None else sum(level.shape[0] for level in levels)
        return DrawnPixels(np.empty((0, width), np.float32), np.empty(0, np.int64), np.empty(0), np.empty(0, bool))
    pixels = np.concatenate(chosen)
    rows, columns = np.divmod(pixels, labels.shape[1])
    features = np.empty((len(pixels), 0), np.float32) if levels is None else read_pixels(levels, rows, columns)
    return DrawnPixels(features, flat[pixels].astype(np.int64), np.concatenate(weights), np.concatenate(nearby))


def pooled(parts: list[DrawnPixels], standardiser: Standardiser, near_weight: float = 1.0) -> PixelSet:
    """Join the pixels of many cases and standardise them, holding hardly more than the result.

    Parameters
    ----------
    parts : list of DrawnPixels
        One a case; the list is emptied. Where several processes read features, each has those of its own cases, and all
        get the features of every case.
    standardiser : Standardiser
        Taken from images alone.
    near_weight : float
        How many times background near a lesion counts.

    Returns
    -------
    PixelSet
    """
    rows = sum(len(part.labels) for part in parts)
    features = np.zeros((rows, len(standardiser.mean) + 1), np.float32)
    labels, weights = np.empty(rows, np.int64), np.empty(rows)
    end = rows
    while parts:
        part = parts.pop()
        own = slice(end - len(part.labels), end)
        if part.features.shape[1]:
            features[own] = standardiser.apply(part.features)
        labels[own], weights[own] = part.labels, part.weighed(near_weight)
        end = own.start
    return PixelSet(ranks().add(torch.from_numpy(features)).numpy(), labels, weights)


def standardised(pixels: DrawnPixels, standardiser: Standardiser, near_weight: float = 1.0) -> PixelSet:
    """Make pixels ready for `ConvexProblem`.

    Parameters
    ----------
    pixels : DrawnPixels
        Raw features.
    standardiser : Standardiser
        Taken from images alone.
    near_weight : float
        How many times background near a lesion counts.

    Returns
    -------
    PixelSet
    """
    return PixelSet(standardiser.apply(pixels.features), pixels.labels, pixels.weighed(near_weight))


def fit_standardiser(cases: Iterator[Sequence[Tensor]], count: int, rng: np.random.Generator) -> Standardiser:
    """Mean and spread of the features at pixels drawn anywhere, whatever their label.

    Parameters
    ----------
    cases : iterator of sequences of Tensor
        Maps of some cases.
    count : int
        Pixels a case.
    rng : numpy.random.Generator
        Source of the draw.

    Returns
    -------
    Standardiser
    """
    drawn = []
    for levels in cases:
        height, width = levels[0].shape[-2:]
        pixels = rng.choice(height * width, min(count, height * width), replace=False)
        drawn.append(read_pixels(levels, *np.divmod(pixels, width)))
    features = np.concatenate(drawn).astype(np.float64)
    # A feature that never changes says nothing; the floor keeps it at zero instead of dividing by it.
    return Standardiser(features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6))
