"""How far two models are apart, in what they say and in their weights."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import UnetSegmenter


def prediction_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Total variation between the class probabilities of two models, mean over pixels.

    Parameters
    ----------
    first, second : ndarray of float64, shape (n, K + 1)
        Of the same pixels.

    Returns
    -------
    float
        0 where they say the same, 1 where they are sure of different classes everywhere.
    """
    return float(np.abs(first - second).sum(axis=1).mean() / 2)


def prediction_matrix(first: NDArray[np.float64], second: NDArray[np.float64], classes: int) -> NDArray[np.int64]:
    """Count pixels by what two models predict.

    Parameters
    ----------
    first, second : ndarray of float64, shape (n, K + 1)
        Class probabilities of the same pixels.
    classes : int
        K + 1.

    Returns
    -------
    ndarray of int64, shape (K + 1, K + 1)
        Rows are what the first predicts, columns what the second does.
    """
    place = first.argmax(axis=1) * classes + second.argmax(axis=1)
    return np.bincount(place, minlength=classes**2).reshape(classes, classes)


def weights_of(segmenter: HeadSegmenter | UnetSegmenter) -> NDArray[np.float64]:
    """All weights that training may have moved, in one row.

    Parameters
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        The model.

    Returns
    -------
    ndarray of float64, shape (n,)
        Of a head as they act on raw features, so that heads with different standardisation compare.
    """
    if isinstance(segmenter, HeadSegmenter):
        weights, bias = segmenter.head.folded()
        parts = [*weights, bias]
    else:
        parts = [value for value in segmenter.network.stored_state().values() if value.is_floating_point()]
    return torch.cat([part.double().flatten() for part in parts]).numpy()


def weight_distance(first: HeadSegmenter | UnetSegmenter, second: HeadSegmenter | UnetSegmenter) -> float | None:
    """Euclidean distance of the weights, as a share of the length of the second model's.

    Parameters
    ----------
    first, second : HeadSegmenter or UnetSegmenter
        The models.

    Returns
    -------
    float or None
        None where they are built differently.
    """
    one, other = weights_of(first), weights_of(second)
    if type(first) is not type(second) or one.shape != other.shape:
        return None
    length = float(np.linalg.norm(other))
    return float(np.linalg.norm(one - other)) / length if length else None
