"""What the surroundings of each lesion say of its class: a shortcut that nobody has noted.

What can be told of the diagnosis from outside every coarse mask is no sign of the lesion. A ridge regression on pooled
features of these pixels reads it off, each case from all the others. Where the class that it names is not that of the
case, the surroundings mislead: the pointwise usable information of Ethayarajh, Choi and Swayamdipta (2022, ICML) is
negative. To take the cases that a biased model gets wrong for those that break the bias is the idea of Liu et al.
(2021, ICML, Just Train Twice).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
_STRENGTHS = np.logspace(0, 6, 25)


def evidence(features: FloatArray, classes: NDArray[np.intp]) -> FloatArray:
    """How much the surroundings of every case speak for each class.

    Parameters
    ----------
    features : ndarray of float64, shape (n, F)
        Pooled over the surroundings of each case.
    classes : ndarray of int, shape (n,)
        Class of each case, from 0 to K - 1; each occurs twice or more.

    Returns
    -------
    ndarray of float64, shape (n, K)
        About 1 where they speak for the class and -1 where they speak against it, by a fit to the other cases; every
        class weighs the same, however many cases it has.
    """
    return np.column_stack([_left_out(features, classes == k) for k in range(int(classes.max()) + 1)])


def _left_out(features: FloatArray, positive: NDArray[np.bool_]) -> FloatArray:
    """Ridge regression of ±1, (n,): each value by the fit to all other cases; the strength that errs least is taken."""
    share = positive.mean()
    root = np.sqrt(np.where(positive, 0.5 / share, 0.5 / (1 - share)))
    target = np.where(positive, 1.0, -1.0)
    rows = np.column_stack([_standard(features), np.ones(len(features))]) * root[:, None]
    axes, spread, _ = np.linalg.svd(rows, full_matrices=False)
    along, squared = axes.T @ (target * root), axes**2
    best, found = np.inf, np.zeros(len(features))
    for strength in _STRENGTHS:
        kept = spread**2 / (spread**2 + strength)
        # The value at a case that was left out follows from the fit with it: Allen (1974), Technometrics 16(1).
        own = np.minimum(squared @ kept, 1 - 1e-9)
        left_out = (axes @ (kept * along) - own * target * root) / (1 - own) / root
        error = float(np.mean(root**2 * (left_out - target) ** 2))
        if error < best:
            best, found = error, left_out
    return found


def _standard(features: FloatArray) -> FloatArray:
    spread = features.std(axis=0)
    standard: FloatArray = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return standard
