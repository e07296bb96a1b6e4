"""Opening JPEG, PNG, TIFF and BMP with Pillow, without trusting the file or depending on settings of the process.

The decoders are called directly, not through `PIL.Image.open`: that one tries every format Pillow knows and measures
size against a limit any other package may have changed.
"""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from napari_unlearn.data.limits import check_size
from napari_unlearn.data.whole import is_whole
from napari_unlearn.errors import UserError

SIGNATURES: tuple[tuple[bytes, type[ImageFile]], ...] = (
    (b"\xff\xd8\xff", JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", PngImageFile),
    (b"II*\0", TiffImageFile),
    (b"MM\0*", TiffImageFile),
    (b"BM", BmpImageFile),
)
ORIENTATION = 0x0112
# What Pillow raises on damaged files.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

# Filters of warnings belong to the whole process, so one thread at a time may change them.
quiet_lock = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings about odd but harmless headers away from the user."""
    with quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def open_raster(path: Path, stream: BinaryIO) -> ImageFile:
    """Read the header of an image and check its size.

    Raises
    ------
    UserError
        The file is none of the four formats, is damaged, too large, or has several pages.
    """
    start = stream.read(8)
    stream.seek(0)
    kind = next((kind for signature, kind in SIGNATURES if start.startswith(signature)), None)
    if kind is None:
        raise UserError(f"{path} is not a JPEG, PNG, TIFF, BMP or DICOM image; save it as one of these.")
    with quiet(), damage(path):
        image = kind(stream)
        pages = bool(getattr(image, "is_animated", False))
    check_size(path, image.height, image.width)
    if pages:
        raise UserError(f"{path} has several pages; save the page you mean as its own file.")
    return image


def upright_shape(path: Path, stream: BinaryIO) -> tuple[int, int]:
    """Height and width after the orientation that the camera noted has been applied."""
    image = open_raster(path, stream)
    with quiet(), damage(path):
        # A TIFF announces its upright size itself.
        turned = not isinstance(image, TiffImageFile) and image.getexif().get(ORIENTATION) in (5, 6, 7, 8)
    return (image.width, image.height) if turned else (image.height, image.width)


def load_upright(path: Path, stream: BinaryIO) -> tuple[Image.Image, ImageFile]:
    """Decode all pixels; return the upright image and the file it came from, which knows its format.

    Raises
    ------
    UserError
        As `open_raster`, or the file ends early or is damaged.
    """
    source = open_raster(path, stream)
    # Asked here because Pillow itself pads cut files with grey when another package told it to.
    with damage(path):
        whole = is_whole(source, stream)
    if not whole:
        raise UserError(f"{path} is cut off before its end; copy it again from where it came.")
    # A TIFF reads its headers again at the end of its pixels.
    with quiet() if isinstance(source, TiffImageFile) else nullcontext(), damage(path):
        source.load()
    with quiet(), damage(path):
        return ImageOps.exif_transpose(source), source


@contextmanager
def damage(path: Path) -> Iterator[None]:
    """Turn what Pillow raises on a damaged file into a sentence."""
    try:
        yield
    except DAMAGE as error:
        raise UserError(
            f"{path} is damaged and cannot be read as an image; copy it again from where it came."
        ) from error
