"""Shuffles of artefact maps among images: what leakage looks like where artefact and truth have nothing to do with it.

Whole maps move, so that the pattern within an image stays. They move only among images with the same predicted class
(the one with most pixels), since leakage asks what an artefact tells when the prediction is known already.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.images import Images
from napari_unlearn.leakage.observations import Observations

Orders = npt.NDArray[np.intp]
"""Which image's artefact map each image gets in each shuffle, shape (shuffles, N)."""


def shuffles(predictions: Sequence[Images], count: int, seed: int) -> Orders:
    """Draw shuffles.

    Parameters
    ----------
    predictions
        The same images with the predictions of one or more models; maps move among images with the same predicted
        class of every model.
    count
        How many.
    seed
        Seed of the draw.

    Returns
    -------
    ndarray of intp
        Shape (count, N).
    """
    rng = np.random.default_rng([seed, 1])
    _, group = np.unique(np.stack([of.main_class() for of in predictions]), axis=1, return_inverse=True)
    members = [np.flatnonzero(group.reshape(-1) == number) for number in range(int(group.max()) + 1)]
    orders = np.tile(np.arange(group.size), (count, 1))
    for order in orders:
        for images in members:
            order[images] = rng.permutation(images)
    return orders


def shuffled_tables(observations: Observations, class_id: int, orders: Orders) -> npt.NDArray[np.int64]:
    """Count each pixel's images with shuffled artefact maps.

    Parameters
    ----------
    observations
        The images.
    class_id
        The predicted class.
    orders
        Shape (shuffles, N).

    Returns
    -------
    ndarray of int64
        The tables of the pixels of all shuffles side by side, shape (2, true classes, shuffles * P).
    """
    pixels = observations.spurious.shape[1]
    where = observations.predicted(class_id)
    # Images are packed into bits, eight at a time, so that a shuffle is counted in an eighth of the steps.
    columns = [where & (observations.truth == place) for place in range(observations.true_classes.size)]
    packed = [np.packbits(column, axis=0) for column in columns]
    marked = np.empty((len(columns), len(orders), pixels), np.int64)
    for place, order in enumerate(orders):
        spurious = np.packbits(observations.spurious[order], axis=0)
        for column, bits in enumerate(packed):
            marked[column, place] = _BITS[spurious & bits].sum(axis=0, dtype=np.int64)
    all_ = np.array([np.count_nonzero(column, axis=0) for column in columns], np.int64).reshape(len(columns), 1, pixels)
    return np.stack([all_ - marked, marked]).reshape(2, len(columns), -1)


_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1).astype(np.uint8)
"""How many bits are set in each byte."""
