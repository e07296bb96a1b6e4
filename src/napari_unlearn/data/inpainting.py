"""Painting over a part of an image with what surrounds it: smooth, quick, and good enough to take a cue away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

# Reach of the blurs in pixels of an image 128 pixels high, far to near.
_REACH = (32, 16, 8, 4, 2)
_LEAST = 1e-3


def paint_over(image: NDArray[np.uint8], hole: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Fill a hole with a blur of the known pixels, from coarse to fine.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    hole : ndarray of bool, shape (H, W)
        Pixels to replace.
    known : ndarray of bool, shape (H, W)
        Pixels to take colours from; those inside the hole are not used.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Equal to `image` outside the hole; the image itself if there is nothing to do or nothing known.
    """
    source = known & ~hole
    if not hole.any() or not source.any():
        return image
    weights = source.astype(np.float32)
    colours = image.astype(np.float32) * weights[..., None]
    filled = np.broadcast_to(image[source].mean(axis=0, dtype=np.float32), image.shape).copy()
    for reach in _REACH:
        sigma = reach * image.shape[0] / 128
        blurred_weights = gaussian_filter(weights, sigma, truncate=3)
        # Wherever nearer pixels are in reach, they overrule the farther ones.
        near = hole & (blurred_weights > _LEAST)
        for channel in range(3):
            blurred = gaussian_filter(colours[..., channel], sigma, truncate=3)
            filled[near, channel] = blurred[near] / blurred_weights[near]
    result = image.copy()
    result[hole] = np.clip(np.round(filled[hole]), 0, 255).astype(np.uint8)
    return result
