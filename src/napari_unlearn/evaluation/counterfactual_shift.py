"""How much a score moves when nothing but the artefact is added or removed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter


def remove_artefact(
    image: NDArray[np.uint8], artefact: NDArray[np.bool_], lesion: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Paint an artefact over with the skin around it.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    artefact : ndarray of bool, shape (H, W)
        What to remove.
    lesion : ndarray of bool, shape (H, W)
        Pixels that must neither change nor be taken for skin.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Equal to `image` in the lesion, and outside the artefact with its rim (H / 128 pixels, at least one).
    """
    hole = binary_dilation(artefact, iterations=max(1, image.shape[0] // 128)) & ~lesion
    known = (~(hole | lesion)).astype(np.float64)
    if not hole.any() or not known.any():
        return image
    filled = np.full(image.shape, image[known > 0].mean(axis=0))
    # Coarse to fine: wherever nearer skin is in reach, it overrules the farther one.
    for sigma in np.array([32, 16, 8, 4, 2]) * image.shape[0] / 128:
        weight = gaussian_filter(known, sigma)
        near = weight > 1e-3
        for channel in range(3):
            blurred = gaussian_filter(image[..., channel] * known, sigma)
            filled[near, channel] = blurred[near] / weight[near]
    result = image.copy()
    result[hole] = np.clip(np.round(filled[hole]), 0, 255).astype(np.uint8)
    return result


def add_artefact(
    image: NDArray[np.uint8],
    lesion: NDArray[np.bool_],
    donor: NDArray[np.uint8],
    artefact: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Paste the artefact of another case, beside the lesion only.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    lesion : ndarray of bool, shape (H, W)
        Pixels of `image` that stay as they are.
    donor : ndarray of uint8, shape (H, W, 3)
        RGB, of the same shape.
    artefact : ndarray of bool, shape (H, W)
        The artefact in `donor`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    return np.where((artefact & ~lesion)[..., None], donor, image)
