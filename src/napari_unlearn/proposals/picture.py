"""A small picture of a whole image to look for artefacts in, and the way back onto the pixels of the image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.transform import resize

from napari_unlearn.proposals.frame import Bool

SIDE = 256
"""Short side in pixels of the picture that is searched; every length of a detector is in its pixels."""
SHARP_SIDE = 1024
"""Short side of the picture in which thin things are outlined."""
THIN = 4
"""Half the width of what counts as thin, in pixels of the picture that is searched."""
FAINTEST = 1.5
"""L* by which a pixel must be darker to be outlined."""


def small(image: NDArray[np.uint8], side: int = SIDE) -> NDArray[np.float64]:
    """Shrink an image; one that is small already stays as it is.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    side : int
        Largest short side in pixels.

    Returns
    -------
    ndarray of float, shape (h, w, 3)
        CIE L*a*b*.
    """
    height, width = image.shape[:2]
    scale = min(1.0, side / min(height, width))
    shape = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(rgb2lab(np.asarray(Image.fromarray(image).resize(shape, Image.Resampling.BOX))))


def enlarged(found: Bool, shape: tuple[int, ...]) -> Bool:
    """Bring what was found back onto the pixels of the image.

    Parameters
    ----------
    found : ndarray of bool, shape (h, w)
        In the small picture.
    shape : tuple of int
        Height and width of the image, in front of anything else.

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    if found.shape == shape[:2]:
        return found
    picture = Image.fromarray(found.astype(np.uint8) * 255)
    return np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)) > 127


def around(values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Median of what is around each pixel, computed from some of the pixels.

    Parameters
    ----------
    values : ndarray of float, shape (h, w)
        Any quantity.
    side : int
        Side of the square that counts, in pixels.

    Returns
    -------
    ndarray of float, shape (h, w)
    """
    step = max(1, side // 8)
    medians = ndimage.median_filter(values[::step, ::step], side // step | 1)
    return np.asarray(resize(medians, values.shape, order=1, preserve_range=True))


def darker(lightness: NDArray[np.float64], thin: int = THIN) -> NDArray[np.float64]:
    """By how much thin things are darker than what is around them: a black-hat transform.

    Parameters
    ----------
    lightness : ndarray of float, shape (h, w)
        L*.
    thin : int
        Half the width of what counts as thin, in pixels.

    Returns
    -------
    ndarray of float, shape (h, w)
        In units of L*, at least 0.
    """
    smooth = ndimage.gaussian_filter(lightness, thin / 8)
    return np.asarray(ndimage.grey_closing(smooth, size=(2 * thin + 1, 2 * thin + 1)) - smooth)


def outlined(image: NDArray[np.uint8], region: Bool, share: float = 0.4) -> Bool:
    """Outline the thin dark things in a region more sharply than a small picture shows them.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    region : ndarray of bool, shape (h, w)
        Where they are in the small picture, with a margin.
    share : float
        Of how dark most of them are, what a pixel must have.

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    if not region.any():
        return np.zeros(image.shape[:2], bool)
    sharp = small(image, SHARP_SIDE)[..., 0]
    scale = min(sharp.shape) / min(region.shape)
    darkness = darker(sharp, max(THIN, round(THIN * scale)))
    inside = enlarged(region, sharp.shape)
    if not inside.any():
        return np.zeros(image.shape[:2], bool)
    enough = max(FAINTEST, share * float(np.quantile(darkness[inside], 0.9)))
    return enlarged(np.asarray(inside & (darkness > enough)), image.shape)
