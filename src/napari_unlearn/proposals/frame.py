"""The part of an image that a proposal looks at: around the coarse mask, small enough to answer at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.transform import resize

from napari_unlearn.errors import UserError

SIDE = 192
"""Long side of the working picture in pixels."""
MARGIN = 0.25
"""How much is seen around the coarse mask, as a share of its own extent."""

Bool = NDArray[np.bool_]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture to work on.

    Attributes
    ----------
    lab : ndarray of float, shape (h, w, 3)
        CIE L*a*b*, slightly blurred against hair.
    inside : ndarray of bool, shape (h, w)
        Where the lesion may be; everything else is background for certain.
    """

    lab: NDArray[np.float64]
    inside: Bool

    @property
    def depth(self) -> NDArray[np.float64]:
        """Distance to the border of the coarse mask in pixels; to that of the frame where the mask fills it."""
        if self.inside.all():
            return np.asarray(ndimage.distance_transform_edt(np.pad(self.inside, 1))[1:-1, 1:-1])
        return np.asarray(ndimage.distance_transform_edt(self.inside))


def place(inside: Bool) -> tuple[slice, slice]:
    """Rows and columns of the part to look at.

    Parameters
    ----------
    inside : ndarray of bool, shape (H, W)
        The coarse mask; not empty.

    Returns
    -------
    tuple of two slices
    """
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    sides = []
    for hits, length in ((rows, inside.shape[0]), (columns, inside.shape[1])):
        margin = max(4, round(MARGIN * (hits[-1] - hits[0] + 1)))
        sides.append(slice(max(0, int(hits[0]) - margin), min(length, int(hits[-1]) + margin + 1)))
    return sides[0], sides[1]


def framed(image: NDArray[np.uint8], inside: Bool) -> Frame:
    """Cut out and shrink what `place` says.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    inside : ndarray of bool, shape (H, W)
        The coarse mask; not empty.

    Returns
    -------
    Frame

    Raises
    ------
    UserError
        The coarse mask is empty.
    """
    if not inside.any():
        raise UserError("The coarse mask of this case is empty, so there is nothing to look for.")
    part = place(inside)
    cut, within = image[part], inside[part]
    scale = min(1.0, SIDE / max(within.shape))
    shape = tuple(max(8, round(scale * side)) for side in within.shape)
    small = resize(cut, shape, order=1, anti_aliasing=scale < 1)
    lab = ndimage.gaussian_filter(rgb2lab(small), (1, 1, 0))
    return Frame(lab, resize(within.astype(float), shape, order=1) > 0.5)


def unframed(found: Bool, inside: Bool) -> Bool:
    """Bring what was found in a frame back onto the pixels of the image, one lesion without holes.

    Parameters
    ----------
    found : ndarray of bool, shape (h, w)
        In the frame.
    inside : ndarray of bool, shape (H, W)
        The coarse mask the frame was made from.

    Returns
    -------
    ndarray of bool, shape (H, W)
        Inside the coarse mask.
    """
    part = place(inside)
    shape = inside[part].shape
    whole = np.zeros(inside.shape, bool)
    whole[part] = resize(found.astype(float), shape, order=1) > 0.5
    whole &= inside
    parts, count = ndimage.label(whole)
    if count > 1:
        sizes = np.bincount(parts.ravel())[1:]
        whole = np.isin(parts, 1 + np.flatnonzero(sizes >= 0.2 * sizes.max()))
    return np.asarray(ndimage.binary_fill_holes(whole) & inside)
