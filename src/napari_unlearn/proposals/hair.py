"""Where hair lies: long dark ridges, darker than the skin on both of their sides, that hardly branch.

The network of a pigmented lesion is thin and dark too, but falls into short pieces where it branches.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import fftconvolve
from skimage.filters import apply_hysteresis_threshold
from skimage.measure import label
from skimage.morphology import skeletonize

from napari_unlearn.proposals import ruler
from napari_unlearn.proposals.frame import Bool
from napari_unlearn.proposals.picture import THIN, outlined, small

Floats = NDArray[np.float64]

DIRECTIONS = 16
STROKE = 12  # half the length of the stroke that is looked for, in pixels of the small picture
BESIDE = 3.0  # how far beside a stroke the skin is looked at
FAINT, CLEAR = 1.25, 2.5  # L* by which hair is darker: along it, and somewhere
CREST = 0.5  # share of the strongest response nearby
SHORTEST = 30  # length of a piece between two branchings
REACH = 2  # how far from its middle line a hair may be outlined
EVERYWHERE = np.ones((3, 3), bool)


def find(image: NDArray[np.uint8]) -> Bool:
    """Find dark hair.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    ndarray of bool, shape (H, W)
        May be empty.
    """
    lightness = small(image)[..., 0]
    found = pieces(lightness)
    if found.any():
        # The line of a ruler is long and dark as well.
        found &= ~ruler.region(lightness)
    return outlined(image, np.asarray(ndimage.binary_dilation(found, EVERYWHERE, REACH)))


def pieces(lightness: Floats) -> Bool:
    """Find the middle lines of what may be hair.

    Parameters
    ----------
    lightness : ndarray of float, shape (h, w)
        L* of a small picture.

    Returns
    -------
    ndarray of bool, shape (h, w)
        About one pixel wide.
    """
    strength = ridges(lightness)
    # Beside a strong ridge there are faint ones that are its shadow, and would make it branch.
    crests = strength > CREST * ndimage.maximum_filter(strength, 2 * THIN + 1)
    lines = skeletonize(apply_hysteresis_threshold(np.where(crests, strength, 0.0), FAINT, CLEAR))
    neighbours = ndimage.convolve(lines.astype(np.uint8), EVERYWHERE.astype(np.uint8), mode="constant") - 1
    parts = label(lines & ~ndimage.binary_dilation(lines & (neighbours > 2), EVERYWHERE), connectivity=2)
    lengths = np.bincount(parts.ravel())
    lengths[0] = 0
    long = (lengths >= SHORTEST)[parts]
    # Where hairs cross they were cut; mend that.
    return np.asarray(lines & ndimage.binary_dilation(long, EVERYWHERE, 3))


def ridges(lightness: Floats) -> Floats:
    """By how much strokes are darker than the skin on the lighter of their two sides that is less light.

    Parameters
    ----------
    lightness : ndarray of float, shape (h, w)
        L*.

    Returns
    -------
    ndarray of float, shape (h, w)
        In units of L*; the most of any direction, which may be below 0.
    """
    rows, columns = np.mgrid[-STROKE : STROKE + 1, -STROKE : STROKE + 1].astype(float)
    around = np.pad(lightness, STROKE, mode="symmetric")
    most = np.full(lightness.shape, -np.inf)
    for angle in np.pi * np.arange(DIRECTIONS) / DIRECTIONS:
        cos, sin = np.cos(angle), np.sin(angle)
        along, across = columns * cos + rows * sin, rows * cos - columns * sin
        stroke = np.exp(-(across**2) - (along / STROKE * 2.5) ** 2 / 2)
        mean = fftconvolve(around, stroke / stroke.sum(), mode="valid")
        # An edge is darker than one of its sides only; a ridge is darker than both.
        sides = (_moved(mean, sign * BESIDE * cos, -sign * BESIDE * sin) for sign in (1, -1))
        most = np.maximum(most, np.minimum(*sides) - mean)
    return most


def _moved(values: Floats, down: float, right: float) -> Floats:
    return np.asarray(ndimage.shift(values, (down, right), order=1, mode="nearest", prefilter=False))
