"""Painting over a part of an image with what surrounds it: smooth, quick, and good enough to take a cue away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

# Reach of the blurs in pixels of an image 128 pixels high, near to far.
_REACH = (2, 4, 8, 16, 32)
_LEAST = 1e-3
# A blur this wide, in pixels, is as smooth on a smaller image, and the cost of a filter grows with its width.
_WIDE = 2


def paint_over(image: NDArray[np.uint8], hole: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Fill a hole with a blur of the known pixels, as narrow a one as reaches them.

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
    planes = [weights, *np.moveaxis(image * weights[..., None], -1, 0)]
    result, left = image.copy(), hole
    for reach in _REACH:
        blurred_weights, *colours = (wide_blur(plane, reach * image.shape[0] / 128) for plane in planes)
        # Wherever nearer pixels are in reach, farther ones have no say.
        near = left & (blurred_weights > _LEAST)
        filled = np.stack([blurred[near] for blurred in colours], axis=-1) / blurred_weights[near, None]
        result[near] = np.clip(np.round(filled), 0, 255).astype(np.uint8)
        left = left & ~near
        if not left.any():
            return result
    result[left] = np.round(image[source].mean(axis=0, dtype=np.float32)).astype(np.uint8)
    return result


def wide_blur(plane: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Blur, on a smaller image where that is as good.

    Parameters
    ----------
    plane : ndarray of float32, shape (H, W)
        One channel.
    sigma : float
        Standard deviation of the Gaussian, in pixels.

    Returns
    -------
    ndarray of float32, shape (H, W)
    """
    factor = 2 ** max(0, int(np.log2(sigma / _WIDE))) if sigma > _WIDE else 1
    height, width = plane.shape
    if factor == 1:
        return np.asarray(gaussian_filter(plane, sigma, truncate=3), np.float32)
    size = (-(-width // factor), -(-height // factor))
    small = Image.fromarray(plane).resize(size, Image.Resampling.BOX)
    blurred = Image.fromarray(gaussian_filter(np.asarray(small), sigma / factor, truncate=3))
    return np.asarray(blurred.resize((width, height), Image.Resampling.BILINEAR))
