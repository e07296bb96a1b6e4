"""Where a pen has marked the skin: spots that are bluer and redder than what is around them, and not lighter.

Gentian violet and blue ink lie far from skin in the b* of CIE L*a*b*; black ink has no colour and is not found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import apply_hysteresis_threshold

from napari_unlearn.proposals.frame import Bool
from napari_unlearn.proposals.picture import around, enlarged, small

AROUND = 121
"""Side of the square that counts as what is around a spot, in pixels of the small picture."""
FAINT, CLEAR = 5.0, 10.0  # units of b* that ink is bluer: all over, and somewhere
BLUER = 7.0  # units of b* that it is bluer than most of the picture
REDDER = 1.0  # units of a* that it is redder: stickers and cloth are not
LIT = 15.0  # L* under which colour says little
SMALLEST = 40  # pixels of the small picture


def find(image: NDArray[np.uint8]) -> Bool:
    """Find violet and blue ink.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    ndarray of bool, shape (H, W)
        May be empty.
    """
    lightness, red, yellow = np.moveaxis(ndimage.gaussian_filter(small(image), (0.7, 0.7, 0)), -1, 0)
    lit = lightness > LIT
    if not lit.any():
        return np.zeros(image.shape[:2], bool)
    bluer = around(yellow, AROUND) - yellow
    other = (red - around(red, AROUND) > REDDER) & (yellow < np.median(yellow[lit]) - BLUER)
    found = lit & other & (lightness < np.median(lightness[lit]) + 2)
    parts, _ = ndimage.label(apply_hysteresis_threshold(np.where(found, bluer, 0.0), FAINT, CLEAR))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return enlarged((sizes >= SMALLEST)[parts], image.shape)
