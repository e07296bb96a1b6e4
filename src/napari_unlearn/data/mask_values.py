"""From a decoded image to the numbers that a mask stores, where formats disguise them."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from napari_unlearn.errors import UserError

# Pillow stretches grey of 2 and 4 bits to 0...255.
STRETCH = {2: 85, 4: 17}


def mask_values(path: Path, image: Image.Image, source: ImageFile, stream: BinaryIO) -> NDArray[np.uint8]:
    """Values of a mask, (H, W) uint8; a 1-bit mask gives 0 and 255.

    Raises
    ------
    UserError
        The file is a JPEG, has colours or half-transparent pixels, or values above 255.
    """
    if source.format not in ("PNG", "TIFF", "BMP"):
        raise UserError(f"{path} is a {source.format or 'photograph'}, which blurs class ids; save the mask as PNG.")
    if image.mode == "1":
        return np.where(np.asarray(image), np.uint8(255), np.uint8(0))
    if image.mode == "P":
        return np.array(image)
    if image.mode == "L":
        return np.array(image) // np.uint8(STRETCH.get(_png_grey_bits(source, stream), 1))
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _narrow(path, np.asarray(image))
    if image.mode in ("LA", "RGB", "RGBA"):
        return _one_channel(path, np.asarray(image), opaque=image.mode in ("LA", "RGBA"))
    raise UserError(f"{path} has {image.mode} pixels, not class ids; save the mask as 8-bit grey PNG.")


def _narrow(path: Path, values: NDArray[np.integer]) -> NDArray[np.uint8]:
    if values.max() == 65535 and np.isin(values, (0, 65535)).all():
        return np.where(values == 65535, np.uint8(255), np.uint8(0))
    if values.min() < 0 or values.max() > 255:
        worst = int(values.max() if values.max() > 255 else values.min())
        raise UserError(f"{path} holds the value {worst}, but class ids are 0 to 255; save the mask as 8-bit grey PNG.")
    return values.astype(np.uint8)


def _one_channel(path: Path, pixels: NDArray[np.uint8], *, opaque: bool) -> NDArray[np.uint8]:
    colours = pixels[:, :, :-1] if opaque else pixels
    if opaque and (pixels[:, :, -1] != 255).any():
        raise UserError(f"{path} has transparent pixels, whose class is unclear; save the mask as 8-bit grey PNG.")
    if (colours != colours[:, :, :1]).any():
        raise UserError(f"{path} has colours, not class ids; save the mask as 8-bit grey PNG with one number a class.")
    return np.ascontiguousarray(colours[:, :, 0])


def _png_grey_bits(source: ImageFile, stream: BinaryIO) -> int:
    if source.format != "PNG":
        return 8
    stream.seek(24)
    bits, colour_type = stream.read(2)
    return bits if colour_type == 0 else 8
