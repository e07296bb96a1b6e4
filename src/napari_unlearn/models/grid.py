"""From an image of any size to the grid on which a segmenter works, and back."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

STRIDE = 32


def grid_shape(height: int, width: int, size: int) -> tuple[int, int]:
    """Height and width of the working grid: the long side becomes `size`, the other keeps the aspect ratio.

    Parameters
    ----------
    height, width : int
        Pixels of the image.
    size : int
        Long side of the grid, a multiple of 32.

    Returns
    -------
    tuple of int
        Both multiples of 32, at least 32.
    """
    longest = max(height, width)

    def side(length: int) -> int:
        return max(STRIDE, round(length * size / longest / STRIDE) * STRIDE)

    return side(height), side(width)


def image_to_grid(image: NDArray[np.uint8], size: int) -> Tensor:
    """Resample an image smoothly.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    size : int
        Long side of the grid.

    Returns
    -------
    Tensor of uint8, shape (3, h, w)
    """
    height, width = grid_shape(image.shape[0], image.shape[1], size)
    if (height, width) != image.shape[:2]:
        resized = Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
        image = np.asarray(resized)
    return torch.from_numpy(np.array(image.transpose(2, 0, 1), order="C"))


def mask_to_grid(mask: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resample class ids by the nearest pixel, so that no id is invented.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        Class ids or flags.
    size : int
        Long side of the grid.

    Returns
    -------
    ndarray of uint8, shape (h, w)
    """
    height, width = grid_shape(mask.shape[0], mask.shape[1], size)
    if (height, width) == mask.shape:
        return mask
    return np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST))
