"""Images and masks from disk, decoded safely: any photograph to 8-bit RGB, any mask to class ids.

Choices, since files leave them open. 16-bit values keep their upper 8 bits. Transparent pixels are laid over white, as
a viewer shows them: the colour stored under full transparency is arbitrary. Embedded colour profiles are ignored, as
the models' training data are. A file with several pages is refused rather than guessed at.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_unlearn.data import dicom
from napari_unlearn.data.limits import open_file
from napari_unlearn.data.mask_values import mask_values
from napari_unlearn.data.raster import damage, load_upright, upright_shape
from napari_unlearn.errors import UserError


def image_shape(path: Path) -> tuple[int, int]:
    """Height and width of an upright image in pixels, from its header.

    Raises
    ------
    UserError
        As `read_image`, as far as the header tells.
    """
    with open_file(path) as stream:
        if dicom.is_dicom(stream):
            return dicom.read_shape(path, stream)
        return upright_shape(path, stream)


def image_spacing(path: Path) -> tuple[float, float] | None:
    """Millimetres between rows and between columns of an image, None where the file does not say: only DICOM does.

    Raises
    ------
    UserError
        As `read_image`, as far as the header tells.
    """
    with open_file(path) as stream:
        known = dicom.is_dicom(stream)
    return dicom.pixel_spacing(path) if known else None


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode an image: JPEG, PNG, TIFF, BMP or DICOM, told by content and not by file name.

    Returns
    -------
    ndarray
        (H, W, 3) uint8 RGB, turned as the camera noted.

    Raises
    ------
    UserError
        The file is missing, empty, cut off, damaged, too large, has several pages, or is no such image.
    """
    with open_file(path) as stream:
        if dicom.is_dicom(stream):
            return dicom.read_pixels(path, stream)
        image, _ = load_upright(path, stream)
        if image.mode in ("F", "LAB") or (image.mode == "I" and image.format == "TIFF"):
            raise UserError(f"{path} has {image.mode} pixels, not 8 or 16 bits of colour; save it as 8-bit RGB.")
        if image.mode.startswith("I"):
            grey = np.clip(np.asarray(image).astype(np.int64) >> 8, 0, 255).astype(np.uint8)
            return np.repeat(grey[:, :, None], 3, axis=2)
        with damage(path):
            return np.array(_over_white(image))


def read_mask(path: Path, *, foreground: int = 1) -> NDArray[np.uint8]:
    """Decode a mask of class ids.

    Parameters
    ----------
    path : Path
        PNG, TIFF or BMP: grey, palette (the indexes are the ids), 1-bit, or RGB with three equal channels.
    foreground : int
        What 255 means in a mask of nothing but 0 and 255.

    Returns
    -------
    ndarray
        (H, W) uint8 class ids.

    Raises
    ------
    UserError
        As `read_image`, or the file is a JPEG, has colours, or values above 255.
    """
    values = read_values(path)
    if values.max() == 255 and np.isin(values, (0, 255)).all():
        return np.where(values == 255, np.uint8(foreground), np.uint8(0))
    return values


def read_values(path: Path) -> NDArray[np.uint8]:
    """Decode a mask as it is, (H, W) uint8; errors as `read_mask`."""
    with open_file(path) as stream:
        image, source = load_upright(path, stream)
        return mask_values(path, image, source, stream)


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
