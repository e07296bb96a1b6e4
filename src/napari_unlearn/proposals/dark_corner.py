"""Where the dermoscope leaves the corners of the image dark: a region without light that reaches a corner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_unlearn.proposals.frame import Bool
from napari_unlearn.proposals.picture import enlarged, small

DARK, DARKER = 12.0, 0.35  # lightness L* that is dark anywhere, and share of the usual lightness that is dark here


def find(image: NDArray[np.uint8]) -> Bool:
    """Find dark corners.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    ndarray of bool, shape (H, W)
        May be empty.
    """
    lightness = ndimage.gaussian_filter(small(image)[..., 0], 2)
    parts, _ = ndimage.label(lightness < max(DARK, DARKER * float(np.median(lightness))))
    corners = {int(parts[row, column]) for row in (0, -1) for column in (0, -1)} - {0}
    return enlarged(np.isin(parts, list(corners)), image.shape)
