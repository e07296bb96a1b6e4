"""Shuffles of artefact maps among images: what leakage looks like where artefact and truth have nothing to do with it.

Whole maps move, so that the pattern within an image stays. They move only among images with the same predicted class
(the one with most pixels), since leakage asks what an artefact tells when the prediction is known already.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.observations import Observations

Orders = npt.NDArray[np.intp]
"""Which image's artefact map each image gets in each shuffle, shape (shuffles, N)."""

PIXELS = 400
"""Shuffles are made on at most so many pixels, spread evenly over those that count: they are for widths and p-values,
which more pixels would hardly sharpen, as neighbours tell the same."""


def shuffles(predictions: Sequence[Observations], count: int, seed: int) -> Orders:
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
    _, group = np.unique(np.stack([main_class(of) for of in predictions]), axis=1, return_inverse=True)
    members = [np.flatnonzero(group.reshape(-1) == number) for number in range(int(group.max()) + 1)]
    orders = np.tile(np.arange(group.size), (count, 1))
    for order in orders:
        for images in members:
            order[images] = rng.permutation(images)
    return orders


def main_class(observations: Observations) -> npt.NDArray[np.int64]:
    """Return the class from 1 up that each image has most pixels of, shape (N,); 0 where there are none."""
    classes = [class_id for class_id in np.unique(observations.prediction) if class_id > 0]
    result = np.zeros(observations.images, np.int64)
    most = np.zeros(observations.images, np.int64)
    for class_id in classes:
        pixels = np.count_nonzero(observations.prediction == class_id, axis=1)
        result[pixels > most] = class_id
        most = np.maximum(most, pixels)
    return result


def spread_evenly(pixels: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return at most `PIXELS` of some pixels, in even steps."""
    if pixels.size <= PIXELS:
        return pixels
    return pixels[np.linspace(0, pixels.size - 1, PIXELS).round().astype(np.intp)]
