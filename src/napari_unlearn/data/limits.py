"""How much of a file is let into memory. Every image file is opened through here."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

from napari_unlearn.errors import UserError

MEGAPIXELS = 100
# 100 megapixels of uncompressed 16-bit RGB, and some room for headers.
FILE_BYTES = 640 * 2**20


def open_file(path: Path, limit: int = FILE_BYTES) -> BinaryIO:
    """Open `path` for reading when it is a plain file of at most `limit` bytes.

    Raises
    ------
    UserError
        It is missing, unreadable, empty, not a file or too large.
    """
    try:
        # Asked before opening, because opening a named pipe waits for ever.
        status = path.stat()
        stream = path.open("rb") if stat.S_ISREG(status.st_mode) else None
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"{path} cannot be read ({reason}); check that it is there and that you may read it."
        raise UserError(message) from error
    if stream is None:
        raise UserError(f"{path} is not a file; put one there.")
    if 0 < status.st_size <= limit:
        return stream
    stream.close()
    if status.st_size == 0:
        raise UserError(f"{path} is empty (0 bytes); copy it again from where it came.")
    size, largest = status.st_size >> 20, limit >> 20
    raise UserError(f"{path} is {size} MiB, above the limit of {largest} MiB; save a smaller version.")


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
