"""Masks to disk: whole or not at all, and the same bytes for the same mask."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_write


def write_mask(path: Path, mask: NDArray[np.uint8]) -> None:
    """Save a mask as 8-bit grey PNG, replacing what was there only once all of it is on disk.

    Parameters
    ----------
    path : Path
        Destination; its folder is made when missing.
    mask : ndarray
        (H, W) uint8 class ids or artefact flags, at least one pixel.

    Raises
    ------
    ValueError
        `mask` is not such an array.
    UserError
        The disk is full or the folder cannot be written; the old file is unchanged.
    """
    if mask.ndim != 2 or mask.dtype != np.uint8 or mask.size == 0:
        raise ValueError(f"A mask is (H, W) uint8 with at least one pixel, not {mask.shape} {mask.dtype}.")
    buffer = io.BytesIO()
    # Nothing but the pixels is written: no date, no program name.
    Image.fromarray(mask).save(buffer, format="PNG", compress_level=3)
    try:
        atomic_write(path, buffer.getvalue())
    except OSError as error:
        reason = error.strerror or str(error)
        message = (
            f"{path} cannot be saved ({reason}); free some space or check that you may write there, and save again."
        )
        raise UserError(message) from error
