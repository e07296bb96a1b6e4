"""The outline of a coarse mask as an array that is computed once, because napari's contour is slow on every refresh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def outline(mask: NDArray[np.uint8], width: int | None = None) -> NDArray[np.uint8]:
    """Inner boundary of every labelled area.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        Class ids.
    width : int, optional
        In pixels; by default one three-hundredth of the longer side, so that it looks the same at every image size.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        1 on the boundary, 0 elsewhere.
    """
    width = width or max(1, round(max(mask.shape) / 300))
    ring = np.zeros(mask.shape, np.uint8)
    for class_id in np.unique(mask[mask > 0]):
        area = mask == class_id
        # The image border counts as background, else a mask that touches it would have an open outline.
        ring[area & ~ndimage.binary_erosion(area, iterations=width)] = 1
    return ring
