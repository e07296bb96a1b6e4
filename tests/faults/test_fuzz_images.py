"""Damaged and crafted images and masks: PNG, JPEG, TIFF, BMP and DICOM."""

from __future__ import annotations

import io
import resource
import runpy
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit, SecondaryCaptureImageStorage

from napari_unlearn.data.artefacts import read_artefacts
from napari_unlearn.data.decode import image_shape, read_image, read_mask
from napari_unlearn.data.dicom import pixel_spacing
from napari_unlearn.data.thumbnail import thumbnail
from napari_unlearn.errors import UserError

FUZZ = runpy.run_path(str(Path(__file__).with_name("fuzz.py")), run_name="fuzz")
damaged, opens_or_says, fuzzed, seeds = (FUZZ[name] for name in ("damaged", "opens_or_says", "fuzzed", "seeds"))
RGB = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)
MASK = (np.arange(24 * 40).reshape(24, 40) % 3).astype(np.uint8)


def saved(pixels: np.ndarray[Any, Any], form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form, **options)
    return stream.getvalue()


def dicom(pixels: bytes, photometric: str, syntax: str, bits: int = 8) -> bytes:
    file = Dataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.TransferSyntaxUID = syntax
    file.SOPClassUID = file.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    file.Rows, file.Columns, file.PixelSpacing = 24, 40, [0.1, 0.2]
    file.PhotometricInterpretation, file.SamplesPerPixel = photometric, 1 if photometric == "MONOCHROME2" else 3
    file.PlanarConfiguration, file.PixelRepresentation = 0, 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 8 if bits == 8 else 16, bits, bits - 1
    file.PixelData = encapsulate([pixels]) if syntax == JPEGBaseline8Bit else pixels
    stream = io.BytesIO()
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


JPEG = saved(RGB, "JPEG")
CORPUS = {
    "png": (saved(RGB, "PNG"), saved(MASK, "PNG"), saved(MASK.astype(np.uint16), "PNG")),
    "jpg": (JPEG, saved(RGB, "JPEG", progressive=True)),
    "tif": (saved(RGB, "TIFF"), saved(MASK, "TIFF", compression="tiff_lzw"), saved(RGB, "TIFF", compression="jpeg")),
    "bmp": (saved(RGB, "BMP"), saved(MASK, "BMP")),
    "dcm": (
        dicom(RGB.tobytes(), "RGB", ExplicitVRLittleEndian),
        dicom(RGB[:, :, 0].astype("<u2").tobytes(), "MONOCHROME2", ImplicitVRLittleEndian, 12),
        dicom(JPEG, "YBR_FULL_422", JPEGBaseline8Bit),
    ),
}
READERS: tuple[Callable[[Path], object], ...] = (image_shape, read_image, read_mask, read_artefacts, pixel_spacing)


@pytest.mark.parametrize("form", CORPUS)
def test_a_damaged_image_is_read_or_named(form: str, tmp_path: Path, record: Any) -> None:
    path = tmp_path / f"a.{form}"

    @fuzzed
    @given(seeds)
    def check(seed: int) -> None:
        path.write_bytes(damaged(CORPUS[form][seed % len(CORPUS[form])], seed))
        opened = [opens_or_says(lambda read=read: read(path), tmp_path) for read in READERS]
        if opened[1]:
            assert read_image(path).shape == (*image_shape(path), 3)
        record.count("damaged or crafted file", {"dcm": "DICOM"}.get(form, form.upper()))

    check()


def test_a_damaged_thumbnail_is_made_anew(tmp_path: Path, record: Any) -> None:
    (tmp_path / "a.png").write_bytes(CORPUS["png"][0])
    right = thumbnail(tmp_path / "a.png", tmp_path / "cache")
    (kept,) = (tmp_path / "cache").iterdir()
    whole = kept.read_bytes()

    @fuzzed
    @given(seeds)
    def check(seed: int) -> None:
        kept.write_bytes(damaged(whole, seed))
        assert thumbnail(tmp_path / "a.png", tmp_path / "cache").shape == right.shape
        record.count("corrupted cache entry", "thumbnails")

    check()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes, *more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


ZEROS = zlib.compress(bytes(1 << 26), 9)
BOMBS = {
    "more pixels than any camera": png(2**31 - 1, 2**31 - 1, ZEROS),
    "as wide as the limit and as high": png(10**8, 10**8, b""),
    "more data than pixels": png(8, 8, ZEROS),
    "a comment that unpacks": png(8, 8, zlib.compress(bytes(72)), chunk(b"zTXt", b"a\x00\x00" + ZEROS)),
    "a profile that unpacks": png(8, 8, zlib.compress(bytes(72)), chunk(b"iCCP", b"a\x00\x00" + ZEROS)),
    "ten thousand comments": png(8, 8, zlib.compress(bytes(72)), *[chunk(b"tEXt", b"a\x00b")] * 10_000),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_unpacks_to_gigabytes_takes_no_memory(bomb: str, tmp_path: Path, record: Any) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(BOMBS[bomb])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for read in READERS:
        opens_or_says(lambda read=read: read(path), tmp_path)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert record.count("decompression bomb", "images", grown < 300 * 2**20), grown


def test_a_reader_that_lets_something_else_out_would_be_seen(tmp_path: Path) -> None:
    def raising() -> None:
        raise KeyError("x")

    def reading() -> None:
        (tmp_path / "outside").read_bytes()

    (tmp_path / "outside").write_bytes(b"")
    (tmp_path / "inside").mkdir()
    with pytest.raises(KeyError):
        opens_or_says(raising, tmp_path)
    with pytest.raises(AssertionError, match="outside was touched"):
        opens_or_says(reading, tmp_path / "inside")
    with pytest.raises(AssertionError):
        opens_or_says(lambda: (_ for _ in ()).throw(UserError("Something is wrong.")), tmp_path)
