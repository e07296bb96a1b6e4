"""Small pictures of images for lists, made once and kept on disk."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from napari_unlearn.data.decode import read_image
from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_write, sha256_bytes

SIDE = 80
"""Long side of a thumbnail in pixels."""
_VARIABLE = "NAPARI_UNLEARN_CACHE"


def default_folder() -> Path:
    """Folder `thumbnails` in what the environment variable NAPARI_UNLEARN_CACHE names, else in the user's cache."""
    chosen = os.environ.get(_VARIABLE)
    return Path(chosen or platformdirs.user_cache_dir("napari-unlearn")) / "thumbnails"


def thumbnail(path: Path, folder: Path | None = None) -> NDArray[np.uint8]:
    """Shrink an image, or find it where it was shrunk before.

    Parameters
    ----------
    path : Path
        The image; a file that has changed since is shrunk anew.
    folder : Path, optional
        Where thumbnails are kept; `default_folder` by default. Where it cannot be written they are not kept.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        RGB, upright, with a long side of at most `SIDE`.

    Raises
    ------
    UserError
        The image cannot be read.
    """
    kept = (folder or default_folder()) / f"{_key(path)}.png"
    with contextlib.suppress(OSError, UnidentifiedImageError, ValueError), Image.open(kept) as image:
        return np.array(image.convert("RGB"))
    small = Image.fromarray(read_image(path))
    small.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    data = io.BytesIO()
    small.save(data, "png")
    with contextlib.suppress(OSError):
        atomic_write(kept, data.getvalue())
    return np.array(small)


def thumbnails(images: Iterable[tuple[str, Path]]) -> dict[str, NDArray[np.uint8] | None]:
    """Shrink several images.

    Parameters
    ----------
    images : iterable of (str, Path)
        Case identifiers and files.

    Returns
    -------
    dict of str to ndarray or None
        As `thumbnail`; None for an image that cannot be read. Opening that case says why.
    """
    made: dict[str, NDArray[np.uint8] | None] = {}
    for case_id, path in images:
        try:
            made[case_id] = thumbnail(path)
        except UserError:
            made[case_id] = None
    return made


def _key(path: Path) -> str:
    try:
        state = path.stat()
    except OSError:
        return sha256_bytes(str(path).encode())
    return sha256_bytes(f"{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}".encode())
