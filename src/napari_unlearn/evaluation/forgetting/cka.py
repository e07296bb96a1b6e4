"""How alike two models see the same places: linear centred kernel alignment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def linear_cka(first: NDArray[np.floating], second: NDArray[np.floating]) -> float | None:
    """Linear CKA of two sets of features (Kornblith et al., ICML 2019, equation 5 with linear kernels).

    Parameters
    ----------
    first, second : ndarray of float, shape (n, p) and (n, q)
        Features of the same n places.

    Returns
    -------
    float or None
        1 where one is a rotation and a scaling of the other, 0 where they have nothing in common; None where one of
        them is the same everywhere.
    """
    x, y = (features.astype(np.float64) - features.mean(axis=0) for features in (first, second))
    own = np.linalg.norm(x.T @ x), np.linalg.norm(y.T @ y)
    if min(own) == 0:
        return None
    return float(np.linalg.norm(y.T @ x) ** 2 / (own[0] * own[1]))
