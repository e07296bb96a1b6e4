"""Which pixels stand for all where only widths and p-values are asked for, as neighbours tell nearly the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.intp]

SAMPLED = 4096
"""Intervals are made on at most so many pixels, so that what is kept of an image does not grow with its size."""

PIXELS = 400
"""Shuffles are made on at most so many pixels."""

FEWEST_PIXELS = 100
"""And on no fewer than this, however many images there are."""

_VALUES = 200_000


def spread_evenly(pixels: Pixels, most: int = PIXELS) -> Pixels:
    """Return at most so many of some pixels, in even steps."""
    if pixels.size <= most:
        return pixels
    return pixels[np.linspace(0, pixels.size - 1, most).round().astype(np.intp)]


def shuffled_pixels(images: int) -> int:
    """Return on how many pixels shuffles are made: fewer where there are many images.

    Parameters
    ----------
    images
        How many there are.

    Returns
    -------
    int
        Between `FEWEST_PIXELS` and `PIXELS`.

    Examples
    --------
    >>> shuffled_pixels(200), shuffled_pixels(1000), shuffled_pixels(5000)
    (400, 200, 100)
    """
    return min(PIXELS, max(FEWEST_PIXELS, _VALUES // max(1, images)))


def lattice(shape: tuple[int, int], most: int = SAMPLED) -> Pixels:
    """Return pixels in even steps along both sides.

    Parameters
    ----------
    shape
        Height and width.
    most
        How many pixels at most.

    Returns
    -------
    ndarray of intp
        Places in the flattened image, ascending; all of them in a small image.
    """
    height, width = shape
    step = 1
    while -(-height // step) * -(-width // step) > most:
        step += 1
    rows, columns = (np.arange((min(step, side) - 1) // 2, side, step) for side in shape)
    return np.asarray((rows[:, None] * width + columns).reshape(-1), np.intp)
