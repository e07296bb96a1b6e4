"""What every function of this package asks of a mask: whole class numbers, and masks that match each other in shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

ClassIds = npt.NDArray[Any]
"""Class ids, bool or integer: 0 is background, 1...K are the classes."""

BoolMask = npt.NDArray[np.bool_]


def class_ids(name: str, mask: npt.ArrayLike) -> ClassIds:
    """Return the mask as an array of class ids.

    Parameters
    ----------
    name
        What the mask is called in an error, such as ``"coarse mask"``.
    mask
        Bool or integer, any shape.

    Returns
    -------
    ndarray
        The mask itself where it is an array.

    Raises
    ------
    ValueError
        The values are not whole numbers, or one of them is negative.
    """
    array = np.asarray(mask)
    if array.dtype.kind not in "biu":
        raise ValueError(f"The {name} must hold whole class numbers (0 is background), but its type is {array.dtype}.")
    if array.dtype.kind == "i" and array.size and (lowest := int(array.min())) < 0:
        raise ValueError(f"The {name} must hold class numbers from 0 upwards, but it contains {lowest}.")
    return array


def image_class_ids(name: str, mask: npt.ArrayLike) -> ClassIds:
    """Return the mask of one image as an array of class ids, shape (H, W).

    Raises
    ------
    ValueError
        As `class_ids`, or the mask does not have two axes.
    """
    array = class_ids(name, mask)
    if array.ndim != 2:
        raise ValueError(f"The {name} must have two axes, height and width, but its shape is {shape_text(array)}.")
    return array


def same_shape(name: str, mask: npt.NDArray[Any], other_name: str, other: npt.NDArray[Any]) -> None:
    """Refuse two masks that do not lie on the same pixels.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    if mask.shape != other.shape:
        raise ValueError(
            f"The {name} and the {other_name} must have the same shape, "
            f"but the {name} is {shape_text(mask)} and the {other_name} is {shape_text(other)}."
        )


def matching_class_ids(coarse: npt.ArrayLike, fine: npt.ArrayLike) -> tuple[ClassIds, ClassIds]:
    """Return a coarse and a fine mask of the same shape as arrays of class ids.

    Raises
    ------
    ValueError
        As `class_ids`, or the shapes differ.
    """
    coarse_ids, fine_ids = class_ids("coarse mask", coarse), class_ids("fine mask", fine)
    same_shape("coarse mask", coarse_ids, "fine mask", fine_ids)
    return coarse_ids, fine_ids


def shape_text(array: npt.NDArray[Any]) -> str:
    """Return a shape as a person writes it, such as ``480 x 640``."""
    return " x ".join(map(str, array.shape)) or "a single number"
