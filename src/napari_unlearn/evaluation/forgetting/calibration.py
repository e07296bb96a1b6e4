"""Whether a model is right as often as it says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BINS = 15


def calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.integer], bins: int = BINS) -> float:
    """Expected calibration error: mean distance of confidence and accuracy (Guo et al., ICML 2017, equation 3).

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, K + 1)
        Of each class, n at least 1.
    labels : ndarray of int, shape (n,)
        True classes.
    bins : int
        Of equal width, by confidence.

    Returns
    -------
    float
        0 is perfect, 1 the worst.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    # A bin holds its upper end, so that full confidence falls into the last.
    place = np.clip(np.ceil(confidence * bins).astype(np.intp) - 1, 0, bins - 1)
    gap = np.bincount(place, weights=confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))
