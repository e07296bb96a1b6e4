"""How a fine mask lies within its coarse mask: what the coarse one took in beyond it, and where nesting is broken."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_unlearn.masks.class_ids import BoolMask, ClassIds, matching_class_ids, same_shape


def dilation_artefacts(coarse: npt.ArrayLike, fine: npt.ArrayLike) -> BoolMask:
    """Return the pixels that the coarse mask labels as lesion and the fine mask labels as background.

    These are the pixels whose coarse label has to be forgotten. A pixel that is lesion in both masks, but of another
    class, is a relabelling and not a dilation artefact.

    Parameters
    ----------
    coarse, fine
        Class ids, bool or integer, of the same shape.

    Returns
    -------
    ndarray of bool
        Same shape as the masks.

    Raises
    ------
    ValueError
        The shapes differ, the values are not whole numbers, or one is negative.

    Examples
    --------
    >>> dilation_artefacts([[1, 1, 0]], [[0, 1, 0]]).tolist()
    [[True, False, False]]
    """
    coarse_ids, fine_ids = matching_class_ids(coarse, fine)
    return _artefacts(coarse_ids, fine_ids)


def fine_outside_coarse(coarse: npt.ArrayLike, fine: npt.ArrayLike) -> BoolMask:
    """Return the pixels that the fine mask labels as lesion although the coarse mask labels them as background.

    There should be none: a fine mask is contained in its coarse mask. Count them with `numpy.count_nonzero`, show them,
    and offer `constrain`.

    Parameters
    ----------
    coarse, fine
        Class ids, bool or integer, of the same shape.

    Returns
    -------
    ndarray of bool
        Same shape as the masks.

    Raises
    ------
    ValueError
        As for `dilation_artefacts`.
    """
    coarse_ids, fine_ids = matching_class_ids(coarse, fine)
    return _artefacts(fine_ids, coarse_ids)


def constrain(fine: npt.ArrayLike, coarse: npt.ArrayLike) -> ClassIds:
    """Return a copy of the fine mask with everything outside the coarse mask set to background.

    Parameters
    ----------
    fine, coarse
        Class ids, bool or integer, of the same shape.

    Returns
    -------
    ndarray
        Same shape and dtype as `fine`.

    Raises
    ------
    ValueError
        As for `dilation_artefacts`.
    """
    coarse_ids, fine_ids = matching_class_ids(coarse, fine)
    return np.where(coarse_ids != 0, fine_ids, np.zeros((), fine_ids.dtype))


def update_artefacts(coarse: npt.ArrayLike, fine: npt.ArrayLike, out: BoolMask, rectangle: tuple[slice, slice]) -> int:
    """Recompute the dilation artefacts of a rectangle in place, as a brush stroke needs it.

    Parameters
    ----------
    coarse, fine
        Class ids of the whole image, shape (H, W).
    out
        The dilation artefacts of the whole image before the stroke, bool, shape (H, W); changed inside the rectangle.
    rectangle
        Rows and columns that may have changed, in pixels.

    Returns
    -------
    int
        By how many pixels the number of dilation artefacts grew; negative when it shrank.

    Raises
    ------
    ValueError
        The shapes differ, a mask does not hold class ids, or `out` is not bool.
    """
    coarse_whole, fine_whole = np.asarray(coarse), np.asarray(fine)
    same_shape("coarse mask", coarse_whole, "fine mask", fine_whole)
    same_shape("coarse mask", coarse_whole, "array of dilation artefacts", out)
    if out.dtype != np.bool_:
        raise ValueError(f"The array of dilation artefacts must be of type bool, but its type is {out.dtype}.")
    # Only the rectangle is looked at, so that the cost of a stroke does not grow with the image.
    fresh = _artefacts(*matching_class_ids(coarse_whole[rectangle], fine_whole[rectangle]))
    view = out[rectangle]
    change = int(np.count_nonzero(fresh)) - int(np.count_nonzero(view))
    view[...] = fresh
    return change


def _artefacts(outer: ClassIds, inner: ClassIds) -> BoolMask:
    beyond: BoolMask = (outer != 0) & (inner == 0)
    return beyond
