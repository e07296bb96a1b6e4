"""A lesion on its own: everything around it is painted over with skin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from napari_unlearn.data.inpainting import wide_blur

_RIM = 1 / 16
"""Skin is taken from this close to the lesion, as a share of the longer side: its own skin, not what lies beyond."""

_REACH = 1 / 8
"""Width of the blur that spreads it, likewise."""

_LEAST = 1e-3


def remove_context(
    image: NDArray[np.uint8], lesion: NDArray[np.bool_], artefact: NDArray[np.bool_] | None = None
) -> NDArray[np.uint8]:
    """Paint over everything but the lesion and a narrow seam with the skin next to it.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    lesion : ndarray of bool, shape (H, W)
        Pixels that stay as they are.
    artefact : ndarray of bool, shape (H, W), or None
        Pixels that must not be taken for skin.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        The image itself where there is no lesion, or no skin beside it to take colours from.
    """
    if not lesion.any() or lesion.all():
        return image
    side = max(lesion.shape)
    rim = max(2.0, side * _RIM)
    distance = np.full(lesion.shape, np.inf, np.float32)
    near_lesion = _box(lesion, int(np.ceil(rim)))
    distance[near_lesion] = distance_transform_edt(~lesion[near_lesion])
    # A seam stays, or an outline that is drawn a little too small would leave a ring of lesion to be read.
    seam = distance <= max(1.0, side / 128)
    skin = (distance <= rim) & ~seam
    if artefact is not None and (skin & ~artefact).any():
        skin &= ~artefact
    if not skin.any():
        return image
    weights = wide_blur(skin.astype(np.float32), side * _REACH)
    near = weights > _LEAST
    painted = np.broadcast_to(image[skin].mean(axis=0, dtype=np.float32), image.shape).copy()
    for channel in range(3):
        blurred = wide_blur(image[..., channel] * skin.astype(np.float32), side * _REACH)
        painted[near, channel] = blurred[near] / weights[near]
    # Skin next to the lesion gives its colours and is painted over too: what lies on it is context.
    return np.where(seam[..., None], image, np.clip(np.round(painted), 0, 255).astype(np.uint8))


def _box(where: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """Return the smallest box around all that is marked, wider by a margin."""
    rows, columns = (np.flatnonzero(where.any(axis=axis)) for axis in (1, 0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )
