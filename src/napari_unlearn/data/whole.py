"""Whether an image file is all there, judged from its structure alone."""

from __future__ import annotations

import struct
from typing import BinaryIO

from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

# TIFF tags: where the strips or tiles are, and how long each is.
TIFF_PIECES = ((273, 279), (324, 325))


def is_whole(image: ImageFile, stream: BinaryIO) -> bool:
    """Whether `stream`, whose header `image` has read, reaches the end its format announces. Its position is kept."""
    position = stream.tell()
    try:
        stream.seek(0)
        data = stream.read()
    finally:
        stream.seek(position)
    if isinstance(image, JpegImageFile):
        return _jpeg(data)
    if isinstance(image, PngImageFile):
        return _png(data)
    if isinstance(image, TiffImageFile):
        return _tiff(image, len(data))
    return not isinstance(image, BmpImageFile) or _bmp(data)


def _jpeg(data: bytes) -> bool:
    # Segments up to the first scan carry their length, so the end marker of a thumbnail inside one is stepped over.
    # Inside scans a true 0xFF is followed by 0x00: the next 0xFFD9 is the end.
    at = 2
    while at + 4 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF or marker in (0x00, 0xFF):
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            if marker == 0xDA:
                return data.find(b"\xff\xd9", at) >= 0
    return False


def _png(data: bytes) -> bool:
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        if kind == b"IEND":
            return bool(at <= len(data))
    return False


def _tiff(image: TiffImageFile, size: int) -> bool:
    return all(
        bool(start + length <= size)
        for starts, lengths in TIFF_PIECES
        for start, length in zip(image.tag_v2.get(starts, ()), image.tag_v2.get(lengths, ()), strict=False)
    )


def _bmp(data: bytes) -> bool:
    # Uncompressed pixels have a known length; Pillow checks the end of compressed ones whatever its settings.
    start, header = struct.unpack_from("<II", data, 10)
    if header < 40:
        width, height, bits, compression = (
            *struct.unpack_from("<HH", data, 18),
            struct.unpack_from("<H", data, 24)[0],
            0,
        )
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    row = (width * bits + 31) // 32 * 4
    return compression not in (0, 3) or start + row * abs(height) <= len(data)
