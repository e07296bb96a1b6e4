"""Where the dermoscope leaves the corners of the image dark: a region without light that reaches a corner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.transform import resize

from napari_unlearn.errors import UserError
from napari_unlearn.proposals.frame import Bool

SIDE = 256
"""Short side of the working picture in pixels."""
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
    height, width = image.shape[:2]
    scale = min(1.0, SIDE / min(height, width))
    small = Image.fromarray(image).resize((round(width * scale), round(height * scale)), Image.Resampling.BOX)
    lightness = ndimage.gaussian_filter(rgb2lab(np.asarray(small))[..., 0], 2)
    parts, _ = ndimage.label(lightness < max(DARK, DARKER * float(np.median(lightness))))
    corners = {int(parts[row, column]) for row in (0, -1) for column in (0, -1)} - {0}
    return np.asarray(resize(np.isin(parts, list(corners)).astype(float), (height, width), order=1) > 0.5)


def propose(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Propose where dark corners are.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        1 where a corner is dark.

    Raises
    ------
    UserError
        None is.
    """
    found = find(image)
    if not found.any():
        raise UserError("No corner of this image is dark, so there is no proposal.")
    return found.astype(np.uint8)
