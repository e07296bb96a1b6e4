"""How much of a file is let into memory. Every image file is opened through here."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from napari_unlearn.errors import UserError

MEGAPIXELS = 100
# 100 megapixels of uncompressed 16-bit RGB, and some room for headers.
FILE_BYTES = 640 * 2**20


def open_file(path: Path) -> BinaryIO:
    """Open `path` for reading when it is a plain file of reasonable size.

    Raises
    ------
    UserError
        It is missing, unreadable, empty, not a file or too large.
    """
    try:
        # Asked before opening, because opening a named pipe waits for ever.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path} is not a file; put an image there.")
        stream = path.open("rb")
        size = os.fstat(stream.fileno()).st_size
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"{path} cannot be read ({reason}); check that it is there and that you may read it."
        ) from error
    if not 0 < size <= FILE_BYTES:
        stream.close()
        if size:
            raise UserError(
                f"{path} is {size >> 20} MiB, above the limit of {FILE_BYTES >> 20} MiB; save a smaller version."
            )
        raise UserError(f"{path} is empty (0 bytes); copy it again from where it came.")
    return stream


def check_size(path: Path, height: int, width: int) -> None:
    """Refuse an image whose header announces more than `MEGAPIXELS`, before any memory is taken for it.

    Raises
    ------
    UserError
        It is too large or has no pixels.
    """
    if height < 1 or width < 1:
        raise UserError(f"{path} has no pixels ({width} x {height}); copy it again from where it came.")
    if height * width > MEGAPIXELS * 1_000_000:
        megapixels = height * width / 1_000_000
        message = (
            f"{path} is {width} x {height} pixels ({megapixels:.0f} megapixels), above the limit of {MEGAPIXELS} "
            "megapixels; save a smaller version."
        )
        raise UserError(message)
