from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from napari_unlearn.data.decode import image_shape, image_spacing, read_image
from napari_unlearn.data.dicom import pixel_spacing
from napari_unlearn.errors import UserError

RED = (200, 40, 30)
COLOURS = np.zeros((8, 16, 3), np.uint8)
COLOURS[:, :8], COLOURS[:, 8:] = RED, (20, 90, 220)


def write(
    path: Path,
    pixels: NDArray[Any] | bytes,
    photometric: str,
    *,
    shape: tuple[int, int] = (8, 16),
    bits: int = 8,
    syntax: str = ExplicitVRLittleEndian,
    **further: Any,
) -> Path:
    record = Dataset()
    record.file_meta = FileMetaDataset()
    record.file_meta.TransferSyntaxUID = syntax
    record.SOPClassUID = record.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    record.SOPInstanceUID = record.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    record.Rows, record.Columns = shape
    record.PhotometricInterpretation = photometric
    record.SamplesPerPixel = 1 if photometric.startswith(("MONO", "PALETTE")) else 3
    record.PlanarConfiguration = 0
    record.BitsAllocated = 8 if bits <= 8 else 16
    record.BitsStored, record.HighBit = bits, bits - 1
    record.PixelRepresentation = 0
    for keyword, value in further.items():
        setattr(record, keyword, value)
    data = pixels if isinstance(pixels, bytes) else pixels.tobytes()
    if syntax not in (ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian):
        data = encapsulate([data])
    record.PixelData = data
    record["PixelData"].VR = "OW" if bits > 8 else "OB"
    record.save_as(path, enforce_file_format=True)
    return path


def encoded(kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(COLOURS).save(stream, kind, **options)
    return stream.getvalue()


def ybr(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).convert("YCbCr"))


def test_colours_as_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", COLOURS, "RGB")
    np.testing.assert_array_equal(read_image(path), COLOURS)
    assert image_shape(path) == (8, 16)


def test_planes_of_colour_are_put_together(tmp_path: Path) -> None:
    planes = np.ascontiguousarray(COLOURS.transpose(2, 0, 1))
    path = write(tmp_path / "a.dcm", planes, "RGB", PlanarConfiguration=1)
    np.testing.assert_array_equal(read_image(path), COLOURS)


def test_brightness_and_colour_differences_become_colours(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", ybr(COLOURS), "YBR_FULL")
    np.testing.assert_allclose(read_image(path).astype(int), COLOURS, atol=3)


def test_halved_colour_differences_become_colours(tmp_path: Path) -> None:
    pairs = ybr(COLOURS).reshape(8, 8, 2, 3)
    packed = np.stack([pairs[:, :, 0, 0], pairs[:, :, 1, 0], pairs[:, :, 0, 1], pairs[:, :, 0, 2]], axis=-1)
    path = write(tmp_path / "a.dcm", packed, "YBR_FULL_422")
    np.testing.assert_allclose(read_image(path).astype(int), COLOURS, atol=3)


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_FULL"])
def test_jpeg_is_converted_once_and_not_twice(tmp_path: Path, photometric: str) -> None:
    data = encoded("JPEG", quality=100, subsampling=1 if photometric.endswith("422") else 0)
    path = write(tmp_path / "a.dcm", data, photometric, syntax=JPEGBaseline8Bit)
    np.testing.assert_allclose(read_image(path)[:, [2, -2]].astype(int), COLOURS[:, [2, -2]], atol=6)


@pytest.mark.parametrize("photometric", ["YBR_RCT", "RGB"])
def test_jpeg_2000_is_converted_by_its_decoder(tmp_path: Path, photometric: str) -> None:
    data = encoded("JPEG2000", irreversible=False, no_jp2=True, mct=int(photometric != "RGB"))
    path = write(tmp_path / "a.dcm", data, photometric, syntax=JPEG2000Lossless)
    np.testing.assert_array_equal(read_image(path), COLOURS)


@pytest.mark.parametrize(
    ("photometric", "bits", "signed", "values", "expected"),
    [
        ("MONOCHROME2", 8, 0, [0, 100, 255], [0, 100, 255]),
        ("MONOCHROME1", 8, 0, [0, 100, 255], [255, 155, 0]),
        ("MONOCHROME2", 12, 0, [0, 2048, 4095], [0, 128, 255]),
        ("MONOCHROME2", 16, 0, [0, 32768, 65535], [0, 128, 255]),
        ("MONOCHROME2", 12, 1, [-2048, 0, 2047], [0, 128, 255]),
    ],
)
def test_grey_is_scaled_by_the_bits_stored(
    tmp_path: Path, photometric: str, bits: int, signed: int, values: list[int], expected: list[int]
) -> None:
    pixels = np.array([values], np.int16 if signed else np.uint8 if bits == 8 else np.uint16)
    path = write(tmp_path / "a.dcm", pixels, photometric, shape=(1, 3), bits=bits, PixelRepresentation=signed)
    np.testing.assert_array_equal(read_image(path)[0], np.repeat(np.array(expected)[:, None], 3, axis=1))


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    tables: dict[str, Any] = {}
    for channel, colour in enumerate(("Red", "Green", "Blue")):
        tables[f"{colour}PaletteColorLookupTableDescriptor"] = [2, 0, 16]
        entries = np.array([0, RED[channel] * 257], np.uint16)
        tables[f"{colour}PaletteColorLookupTableData"] = entries.tobytes()
    path = write(tmp_path / "a.dcm", np.array([[0, 1]], np.uint8), "PALETTE COLOR", shape=(1, 2), **tables)
    np.testing.assert_array_equal(read_image(path)[0], [(0, 0, 0), RED])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"NumberOfFrames": 3}, "has 3 frames; save the frame you mean as its own file"),
        ({"photometric": "HSV"}, "has the photometric interpretation 'HSV'; save it as RGB or MONOCHROME2"),
        ({"shape": (20_000, 20_000)}, r"is 20000 x 20000 pixels .* above the limit of 100 megapixels"),
        ({"shape": (0, 16)}, r"has no pixels \(16 x 0\)"),
        ({"shape": (80, 16)}, "is damaged and cannot be read as DICOM"),
        ({"syntax": DeflatedExplicitVRLittleEndian}, "is a deflated DICOM file"),
        ({"syntax": JPEGLSLossless}, r"is compressed as JPEG-LS .*; install a decoder \(.*\) or save it uncompressed"),
        ({"syntax": "1.2.840.10008.1.2.4.100"}, "is compressed as MPEG2 .*, which cannot be read; save it"),
        ({"syntax": RLELossless}, "is damaged and cannot be read as DICOM"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_shown_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], sentence: str
) -> None:
    if changes.get("syntax") == JPEGLSLossless:
        # No decoder may be installed with some other program's help.
        monkeypatch.setattr("pydicom.pixels.decoders.base.Decoder.is_available", False)
    path = write(tmp_path / "a.dcm", COLOURS, **({"photometric": "RGB"} | changes))
    with pytest.raises(UserError, match=rf"a.dcm {sentence}"):
        read_image(path)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", COLOURS, "RGB")
    whole = path.read_bytes()
    for length in (132, 140, 300, len(whole) - 100):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"a.dcm (is damaged|has no pixels)"):
            read_image(path)


def test_any_changed_byte_gives_an_image_or_a_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", COLOURS, "RGB")
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = []
    for place in rng.integers(128, len(whole) - COLOURS.size, 150):
        changed = bytearray(whole)
        changed[place] = int(rng.integers(256))
        path.write_bytes(changed)
        try:
            assert read_image(path).shape == (*image_shape(path), 3)
        except UserError as error:
            refused.append(str(error))
    assert refused
    assert all("a.dcm" in sentence for sentence in refused)


@pytest.mark.parametrize(
    ("further", "expected"),
    [
        ({"PixelSpacing": [0.02, 0.03]}, (0.02, 0.03)),
        ({"NominalScannedPixelSpacing": [0.1, 0.1]}, (0.1, 0.1)),
        ({"PixelSpacing": [0, 0.03]}, None),
        ({}, None),
    ],
)
def test_pixel_spacing_in_millimetres(
    tmp_path: Path, further: dict[str, list[float]], expected: tuple[float, float] | None
) -> None:
    assert pixel_spacing(write(tmp_path / "a.dcm", COLOURS, "RGB", **further)) == expected


def test_only_dicom_among_images_tells_its_spacing(tmp_path: Path) -> None:
    assert image_spacing(write(tmp_path / "a.dcm", COLOURS, "RGB", PixelSpacing=[0.02, 0.03])) == (0.02, 0.03)
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    assert image_spacing(tmp_path / "a.png") is None


def test_pixel_spacing_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    with pytest.raises(UserError, match=r"a.png is not a DICOM file"):
        pixel_spacing(tmp_path / "a.png")
