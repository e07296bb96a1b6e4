"""Changing the outline of a mask of class ids: shrink, smooth, fill holes. To grow it there is `coarsen_dilate`.

Distances are Euclidean and counted from pixel centre to pixel centre; the border of the image is no outline. Every
function returns a new mask and leaves the one it is given alone.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_unlearn.masks.class_ids import ClassIds, image_class_ids


def shrink(mask: npt.ArrayLike, radius: float) -> ClassIds:
    """Take away labels within reach of a pixel of another class or of background.

    Parameters
    ----------
    mask : array_like of int, shape (H, W)
        Class ids.
    radius : float
        Reach in pixels, 0 or more.

    Returns
    -------
    ndarray, shape (H, W)

    Raises
    ------
    ValueError
        The radius is negative or not finite, or the mask holds no class ids.

    Examples
    --------
    >>> shrink([[0, 1, 1, 1, 0]], 1).tolist()
    [[0, 0, 1, 0, 0]]
    """
    ids = _checked(mask, radius)
    made = np.zeros_like(ids)
    for class_id in _classes(ids):
        here = ids == class_id
        inner = np.ones_like(here) if here.all() else ndimage.distance_transform_edt(here) > radius
        made[here & inner] = class_id
    return made


def smooth(mask: npt.ArrayLike, radius: float) -> ClassIds:
    """Round off outlines: every pixel takes the class that prevails around it, as weighted by a Gaussian.

    Parameters
    ----------
    mask : array_like of int, shape (H, W)
        Class ids.
    radius : float
        Standard deviation of the weights in pixels; what is smaller goes.

    Returns
    -------
    ndarray, shape (H, W)

    Raises
    ------
    ValueError
        As for `shrink`.
    """
    ids = _checked(mask, radius)
    if radius == 0:
        return ids.copy()
    kinds = np.array([0, *_classes(ids)], ids.dtype)
    weights = [ndimage.gaussian_filter((ids == kind).astype(np.float32), radius, mode="nearest") for kind in kinds]
    return np.asarray(kinds[np.argmax(weights, axis=0)])


def fill_holes(mask: npt.ArrayLike) -> ClassIds:
    """Give background that a class encloses that class.

    Parameters
    ----------
    mask : array_like of int, shape (H, W)
        Class ids.

    Returns
    -------
    ndarray, shape (H, W)

    Raises
    ------
    ValueError
        The mask holds no class ids.

    Examples
    --------
    >>> fill_holes([[2, 2, 2], [2, 0, 2], [2, 2, 2]]).tolist()
    [[2, 2, 2], [2, 2, 2], [2, 2, 2]]
    """
    ids = _checked(mask, 0.0)
    made = ids.copy()
    for class_id in _classes(ids):
        made[ndimage.binary_fill_holes(ids == class_id) & (made == 0)] = class_id
    return made


def _classes(ids: ClassIds) -> list[int]:
    return [int(class_id) for class_id in np.unique(ids) if class_id]


def _checked(mask: npt.ArrayLike, radius: float) -> ClassIds:
    if not (math.isfinite(radius) and radius >= 0):
        raise ValueError(f"The radius must be a number of pixels, 0 or more, but it is {radius}.")
    return image_class_ids("mask", mask)
