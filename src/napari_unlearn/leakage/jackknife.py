"""What each image adds to the information that is counted: the estimate without it, one image at a time.

The statistic is a sum of one term for each count, so leaving an image out takes one step back in the cell, the row, the
column and the total of every table it is in. No table has to be counted anew.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.information import FloatArray, TableEstimator, entropy_terms
from napari_unlearn.leakage.observations import Observations

_IMAGES_AT_ONCE = 64


def information_without(
    observations: Observations,
    class_id: int,
    tables: npt.NDArray[np.int64],
    estimator: TableEstimator,
) -> FloatArray:
    """Return how much counted information goes when an image is left out.

    Parameters
    ----------
    observations
        The images.
    class_id
        The predicted class.
    tables
        Its tables, see `Observations.tables`.
    estimator
        As for `entropy_terms`.

    Returns
    -------
    ndarray of float64
        Nats times images, shape (N,).
    """
    terms = entropy_terms(np.arange(observations.images + 1), estimator)
    steps = np.diff(terms, prepend=terms[0])
    rows, columns, total = tables.sum(axis=1), tables.sum(axis=0), tables.sum(axis=(0, 1))
    gone = steps[tables] - steps[rows][:, None] - steps[columns] + steps[total]
    result = np.zeros(observations.images)
    for start in range(0, observations.images, _IMAGES_AT_ONCE):
        part = slice(start, start + _IMAGES_AT_ONCE)
        predicted, marked = observations.prediction[part] == class_id, observations.spurious[part]
        for place, (unmarked_gone, marked_gone) in enumerate(gone.swapaxes(0, 1)):
            here = predicted & (observations.truth[part] == place)
            # A product with a matrix of noughts and ones adds up the pixels of all images at once.
            result[part] += here @ unmarked_gone + (here & marked) @ (marked_gone - unmarked_gone)
    return result


def variance(without: FloatArray) -> FloatArray:
    """Return the jackknife's estimate of the variance (Efron and Stein, 1981).

    Parameters
    ----------
    without
        The estimate without each image, shape (..., N).

    Returns
    -------
    ndarray of float64
        Shape (...).
    """
    images = without.shape[-1]
    return np.asarray((images - 1) * without.var(axis=-1), np.float64)
