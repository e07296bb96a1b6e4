"""Dermoscopy in DICOM: one colour or grey frame to 8-bit RGB, as its photometric interpretation says.

Only pixels and their spacing are read; no patient data enter the program. pydicom is imported when the first DICOM file
is met, since most data sets have none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.limits import check_size, open_file
from napari_unlearn.data.raster import DAMAGE, quiet
from napari_unlearn.errors import UserError

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

DEFLATED = "1.2.840.10008.1.2.1.99"
# Header elements beyond this many bytes (the pixels above all) stay on disk until they are asked for.
DEFER = 64 * 2**10
# Decoders of JPEG 2000 turn its two YBR kinds into RGB themselves; pydicom converts the other two.
COLOURS = frozenset(
    {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}
)


def is_dicom(stream: BinaryIO) -> bool:
    """Whether `stream` has the mark of a DICOM file. Its position is kept."""
    start = stream.read(132)
    stream.seek(0)
    return start[128:] == b"DICM"


def read_shape(path: Path, stream: BinaryIO) -> tuple[int, int]:
    """Height and width in pixels; errors as `read_pixels`, as far as the header tells."""
    return _checked_shape(path, _header(path, stream))


def read_pixels(path: Path, stream: BinaryIO) -> NDArray[np.uint8]:
    """Decode the only frame of a DICOM file.

    More than 8 bits are scaled by the range that Bits Stored allows, not by the pixels found, so that equal values look
    equal in every image.

    Returns
    -------
    ndarray
        (H, W, 3) uint8 RGB.

    Raises
    ------
    UserError
        The file is damaged, has several frames, no pixels, an unknown colour space, or a compression for which no
        decoder is installed.
    """
    _checked_shape(path, _header(path, stream))
    from pydicom import dcmread
    from pydicom.pixels.processing import apply_color_lut
    from pydicom.pixels.utils import pixel_array

    stream.seek(0)
    with quiet(), _damage(path):
        record = dcmread(stream)
        _check_decoder(path, record)
        pixels = pixel_array(record)
        if record.PhotometricInterpretation == "PALETTE COLOR":
            entry_bits = int(record.RedPaletteColorLookupTableDescriptor[2])
            return _eight_bits(apply_color_lut(pixels, record), 0, 2**entry_bits - 1)
        bits = int(record.BitsStored)
        low = -(2 ** (bits - 1)) if int(record.PixelRepresentation) else 0
        scaled = _eight_bits(pixels, low, low + 2**bits - 1)
    if record.PhotometricInterpretation == "MONOCHROME1":
        scaled = 255 - scaled
    return np.repeat(scaled[:, :, None], 3, axis=2) if scaled.ndim == 2 else scaled


def pixel_spacing(path: Path) -> tuple[float, float] | None:
    """Millimetres between rows and between columns, or None where the file does not say.

    Raises
    ------
    UserError
        The file is not a readable DICOM file.
    """
    with open_file(path) as stream:
        if not is_dicom(stream):
            raise UserError(f"{path} is not a DICOM file, and only those tell their pixel spacing.")
        header = _header(path, stream)
        for keyword in ("PixelSpacing", "NominalScannedPixelSpacing"):
            with quiet(), _damage(path):
                values = [float(value) for value in header.get(keyword) or ()]
            if len(values) == 2 and all(math.isfinite(value) and value > 0 for value in values):
                return values[0], values[1]
    return None


def _header(path: Path, stream: BinaryIO) -> FileDataset:
    from pydicom import dcmread
    from pydicom.filereader import read_file_meta_info

    with quiet(), _damage(path):
        syntax = read_file_meta_info(path).get("TransferSyntaxUID")
        if syntax != DEFLATED:
            stream.seek(0)
            return dcmread(stream, stop_before_pixels=True, defer_size=DEFER)
    # A deflated header must be unpacked whole before its size is known.
    raise UserError(f"{path} is a deflated DICOM file, which may unpack to any size; save it uncompressed or as JPEG.")


def _checked_shape(path: Path, header: FileDataset) -> tuple[int, int]:
    with _damage(path):
        height, width = int(header.get("Rows") or 0), int(header.get("Columns") or 0)
        frames = int(header.get("NumberOfFrames") or 1)
        colours = str(header.get("PhotometricInterpretation") or "")
    check_size(path, height, width)
    if frames > 1:
        raise UserError(f"{path} has {frames} frames; save the frame you mean as its own file.")
    if colours not in COLOURS:
        message = f"{path} has the photometric interpretation {colours or '(none)'!r}; save it as RGB or MONOCHROME2."
        raise UserError(message)
    return height, width


def _check_decoder(path: Path, record: FileDataset) -> None:
    from pydicom.pixels.decoders.base import get_decoder

    syntax = record.file_meta.TransferSyntaxUID
    if not syntax.is_compressed:
        return
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise UserError(
            f"{path} is compressed as {syntax.name}, which cannot be read; save it uncompressed."
        ) from error
    if not decoder.is_available:
        needed = "; or ".join(decoder.missing_dependencies)
        message = f"{path} is compressed as {syntax.name}; install a decoder ({needed}) or save it uncompressed."
        raise UserError(message)


def _eight_bits(values: NDArray[np.integer], low: int, high: int) -> NDArray[np.uint8]:
    if (low, high) == (0, 255):
        return values.astype(np.uint8)
    share = (values.astype(np.float32) - low) / max(high - low, 1)
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    from pydicom.errors import BytesLengthException, InvalidDicomError

    try:
        yield
    except UserError:
        raise
    except (*DAMAGE, AttributeError, RuntimeError, BytesLengthException, InvalidDicomError) as error:
        raise UserError(f"{path} is damaged and cannot be read as DICOM; copy it again from where it came.") from error
