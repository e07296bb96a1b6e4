"""Leakage of many resampled sets of images at once.

Pixels of one image depend on each other, so images are drawn with replacement, never pixels. A resampled set is a
weight for each image, and every count of every table is a sum of weights over the images that fall into a cell. The
statistic is a sum over counts, so that all tables of all pixels become one list of distinct sets of images, each with
the number of times it is added or taken off. Most sets occur many times over, and what cancels is never computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.information import FloatArray, TableEstimator, entropy_terms
from napari_unlearn.leakage.observations import BoolArray, Observations

_CHUNK = 2048

Weights = npt.NDArray[np.float32]
"""How often each image was drawn, whole numbers, shape (resamples, N)."""


@dataclass(frozen=True, eq=False)
class ImageSets:
    """The distinct sets of images that one class's tables count.

    Attributes
    ----------
    members
        One row a set, N bits packed into bytes, uint8, shape (sets, ceil(N / 8)).
    factors
        How many times the term of its count is added, less how many times it is taken off, float64, shape (sets,).
    images
        N.
    """

    members: npt.NDArray[np.uint8]
    factors: FloatArray
    images: int

    def sums(self, weights: Weights, estimator: TableEstimator) -> FloatArray:
        """Return the sum over pixels of counted information for each resampled set of images.

        Parameters
        ----------
        weights
            How often each image was drawn, each row adding up to N, float32, shape (resamples, N).
        estimator
            Applied anew in every resampled set.

        Returns
        -------
        ndarray of float64
            Nats times images, shape (resamples,).
        """
        terms = entropy_terms(np.arange(self.images + 1), estimator)
        total = np.zeros(weights.shape[0])
        for start in range(0, self.factors.size, _CHUNK):
            part = slice(start, start + _CHUNK)
            bits = np.unpackbits(self.members[part], axis=1, count=self.images)
            # float32 holds these sums of whole numbers without rounding.
            counts = weights @ bits.T.astype(np.float32)
            total += np.take(terms, counts.astype(np.int32)) @ self.factors[part]
        return total


def draw_weights(images: int, resamples: int, seed: int) -> Weights:
    """Draw images with replacement.

    Parameters
    ----------
    images
        N, how many there are and how many are drawn each time.
    resamples
        How many sets to draw.
    seed
        Seed of the draw.

    Returns
    -------
    ndarray of float32
        How often each image was drawn, shape (resamples, N).
    """
    draws = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=resamples)
    return draws.astype(np.float32)


def image_sets(observations: Observations, class_id: int, tables: npt.NDArray[np.int64]) -> ImageSets:
    """Collect the sets of images that the tables of a class count.

    Parameters
    ----------
    observations
        The images.
    class_id
        The predicted class.
    tables
        Its tables, see `Observations.tables`.

    Returns
    -------
    ImageSets
        Distinct sets that are not empty, without those that cancel.
    """
    # A table with one row or one column has no information, and none of its resampled tables has.
    informative = ((tables.sum(axis=1) > 0).sum(axis=0) > 1) & ((tables.sum(axis=0) > 0).sum(axis=0) > 1)
    kept = observations.at(np.flatnonzero(informative))
    where = kept.predicted(class_id)
    rows = (_pack(where & kept.spurious), _pack(where & ~kept.spurious))
    columns = [_pack(where & (kept.truth == true_class)) for true_class in range(kept.true_classes.size)]
    added = [*map(_pack, kept.cells(where)), _pack(where)]
    taken_off = [*rows, *columns]
    packed = np.concatenate([*added, *taken_off])
    signs = np.repeat([1.0, -1.0], [sum(map(len, added)), sum(map(len, taken_off))])
    occupied = packed.any(axis=1)
    members, factors = _merge(packed[occupied], signs[occupied])
    return ImageSets(members, factors, observations.images)


def _pack(members: BoolArray) -> npt.NDArray[np.uint8]:
    return np.packbits(members, axis=0).T


def _merge(packed: npt.NDArray[np.uint8], signs: FloatArray) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """Join equal rows, adding up their signs, and leave out those that come to nothing."""
    if not signs.size:
        return packed, signs
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    factors = np.bincount(group, weights=signs)
    left = factors != 0
    return packed[first[left]], factors[left]
