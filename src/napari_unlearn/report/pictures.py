"""Small pictures that travel inside the report: the forget set of a case, and what a model predicts."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

SIDE = 288
"""Long side of a picture, in pixels; smaller images are enlarged so that outlines are as thin on all."""

# Skin is pink and lesions are brown. Blue and cyan are told apart from both, and from each other by lightness, in every
# common kind of colour blindness; the forget set is hatched as well.
FORGET = (0, 68, 204)
CLASSES = ((25, 211, 230), (107, 63, 255), (125, 220, 31), (31, 91, 255))
FINE, COARSE = (255, 255, 255), (255, 228, 92)

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Item = TypeVar("Item")


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """Choose some items by their place alone, so that nobody chose them by their look.

    Parameters
    ----------
    items : sequence
        In a fixed order.
    count : int
        How many at most.

    Returns
    -------
    list
        Evenly spaced, the first one among them.
    """
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]


def plain_picture(image: Pixels) -> str:
    """Make a picture of an image as it is.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    str
        A data URI.
    """
    return _uri(_small(image))


def forget_picture(image: Pixels, coarse: Pixels, fine: Pixels, forgotten: Mask) -> str:
    """Make a picture with the forget set hatched, between the outlines of both masks.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    coarse, fine : ndarray of uint8, shape (H, W)
        Class ids.
    forgotten : ndarray of bool, shape (H, W)
        Dilation artefacts.

    Returns
    -------
    str
        A data URI.
    """
    small = _small(image)
    shape = small.shape[:2]
    area = _nearest(forgotten, shape)
    rows, columns = np.indices(shape)
    # Thin and far apart: what lies below, a ruler for instance, is what people want to see.
    stripes = (rows + columns) % 10 < 3
    small = _tinted(small, area & stripes, FORGET, 0.8)
    small = _tinted(small, area & ~stripes, FORGET, 0.12)
    small = _outlined(small, _nearest(coarse > 0, shape), COARSE)
    return _uri(_outlined(small, _nearest(fine > 0, shape), FINE))


def prediction_picture(image: Pixels, prediction: Pixels, fine: Pixels | None) -> str:
    """Make a picture with a prediction, one colour a class, and the outline of the fine mask.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    prediction : ndarray of uint8, shape (H, W)
        Class ids.
    fine : ndarray of uint8, shape (H, W), or None
        Class ids.

    Returns
    -------
    str
        A data URI.
    """
    small = _small(image)
    shape = small.shape[:2]
    for class_id in range(1, int(prediction.max()) + 1):
        own = _nearest(prediction == class_id, shape)
        colour = CLASSES[(class_id - 1) % len(CLASSES)]
        small = _outlined(_tinted(small, own, colour, 0.38), own, colour)
    if fine is not None:
        small = _outlined(small, _nearest(fine > 0, shape), FINE)
    return _uri(small)


def _small(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    factor = SIDE / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def _nearest(mask: Mask, shape: tuple[int, ...]) -> Mask:
    return np.asarray(Image.fromarray(mask).resize((shape[1], shape[0]), Image.Resampling.NEAREST), bool)


def _tinted(image: Pixels, where: Mask, colour: tuple[int, int, int], opacity: float) -> Pixels:
    mixed = image.astype(np.float32)
    mixed[where] += opacity * (np.asarray(colour, np.float32) - mixed[where])
    return mixed.round().astype(np.uint8)


def _outlined(image: Pixels, mask: Mask, colour: tuple[int, int, int]) -> Pixels:
    """Draw the border of a mask with a dark line beside it, so that it shows on light and on dark skin."""
    inside = ndimage.binary_erosion(mask, border_value=1)
    drawn = image.copy()
    drawn[ndimage.binary_dilation(mask) & ~mask] = (20, 20, 20)
    drawn[mask & ~ndimage.binary_erosion(inside, border_value=1)] = colour
    return drawn


def _uri(image: Pixels) -> str:
    buffer = io.BytesIO()
    # Full colour resolution: coloured outlines are two pixels wide.
    Image.fromarray(image).save(buffer, format="JPEG", quality=84, subsampling=0, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
