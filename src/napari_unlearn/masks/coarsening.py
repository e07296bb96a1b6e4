"""Coarse masks made from fine ones, the way hurried annotation makes them: a thick outline, or a box."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_unlearn.masks.class_ids import ClassIds, image_class_ids


def coarsen_dilate(fine: npt.ArrayLike, radius: float) -> ClassIds:
    """Grow every lesion by a disc.

    A pixel that comes within reach of two classes takes the nearer one.

    Parameters
    ----------
    fine
        Class ids, bool or integer, shape (H, W).
    radius
        Radius of the disc in pixels, 0 or more.

    Returns
    -------
    ndarray
        Shape and dtype of `fine`. Every lesion pixel of `fine` keeps its class.

    Raises
    ------
    ValueError
        The mask does not hold class ids of one image, or the radius is negative or not finite.
    """
    ids = image_class_ids("fine mask", fine)
    _check_pixels("radius", radius)
    if not ids.any():
        return ids.copy()
    distance, nearest = ndimage.distance_transform_edt(ids == 0, return_indices=True)
    return np.where(distance <= radius, ids[tuple(nearest)], np.zeros((), ids.dtype))


def coarsen_box(fine: npt.ArrayLike, margin: int = 0) -> ClassIds:
    """Replace the lesions of each class by one upright box around them.

    Where boxes overlap the smaller one lies on top, and every lesion pixel keeps its class.

    Parameters
    ----------
    fine
        Class ids, bool or integer, shape (H, W).
    margin
        By how many pixels the box is wider than the lesions on each side, 0 or more; the image border cuts it.

    Returns
    -------
    ndarray
        Shape and dtype of `fine`.

    Raises
    ------
    ValueError
        The mask does not hold class ids of one image, or the margin is negative or not finite.
    """
    ids = image_class_ids("fine mask", fine)
    _check_pixels("margin", margin)
    boxes = [(class_id, _box(ids == class_id, int(margin))) for class_id in np.unique(ids[ids != 0])]
    out = np.zeros_like(ids)
    for class_id, box in sorted(boxes, key=lambda entry: -out[entry[1]].size):
        out[box] = class_id
    return np.where(ids != 0, ids, out)


def _box(lesion: npt.NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(lesion.any(axis=1)), np.flatnonzero(lesion.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _check_pixels(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"The {name} must be a number of pixels, 0 or more, but it is {value}.")
