"""How much a score moves when nothing but the artefact is added or removed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation

from napari_unlearn.data.inpainting import paint_over


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
    return paint_over(image, hole, ~lesion)


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


def fitted(
    donor: NDArray[np.uint8], artefact: NDArray[np.bool_], shape: tuple[int, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Bring the image and the artefact of another case to a shape.

    Parameters
    ----------
    donor : ndarray of uint8, shape (H, W, 3)
        RGB.
    artefact : ndarray of bool, shape (H, W)
        The artefact in `donor`.
    shape : tuple of int
        Height and width to come to.

    Returns
    -------
    donor : ndarray of uint8, shape (*shape, 3)
    artefact : ndarray of bool, shape `shape`
    """
    if artefact.shape == shape:
        return donor, artefact
    size = (shape[1], shape[0])
    resized = Image.fromarray(donor).resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    mask = Image.fromarray(artefact.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    return np.asarray(resized), np.asarray(mask) > 0
