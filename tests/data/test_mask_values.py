from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data.decode import read_mask, read_values
from napari_unlearn.errors import UserError

IDS = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)


@pytest.mark.parametrize("bits", [2, 4])
def test_narrow_grey_keeps_its_numbers(tmp_path: Path, bits: int) -> None:
    stretched = Image.fromarray(IDS * np.uint8(255 // (2**bits - 1)))
    image = stretched.convert("P")
    image.putpalette([value for value in range(0, 256, 255 // (2**bits - 1)) for _ in range(3)])
    Image.fromarray(IDS).save(tmp_path / "a.png")
    _write_narrow_png(tmp_path / "a.png", bits)
    with Image.open(tmp_path / "a.png") as opened:
        assert (opened.mode, np.asarray(opened).max()) == ("L", 2 * 255 // (2**bits - 1))
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), IDS)


def _write_narrow_png(path: Path, bits: int) -> None:
    import struct
    import zlib

    rows = b""
    for row in IDS:
        packed = 0
        for value in row:
            packed = packed << bits | int(value)
        width = -(-len(row) * bits // 8)
        rows += b"\0" + (packed << (width * 8 - len(row) * bits)).to_bytes(width, "big")

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", IDS.shape[1], IDS.shape[0], bits, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


def test_palette_indexes_are_the_ids(tmp_path: Path) -> None:
    image = Image.fromarray(IDS).convert("P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.putdata(IDS.ravel().tolist())
    image.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), IDS)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif"])
def test_one_bit_is_a_lesion_or_none(tmp_path: Path, name: str) -> None:
    Image.fromarray(IDS > 0).save(tmp_path / name)
    np.testing.assert_array_equal(read_values(tmp_path / name), np.where(IDS > 0, 255, 0))
    np.testing.assert_array_equal(read_mask(tmp_path / name), IDS > 0)


@pytest.mark.parametrize("values", [IDS.astype(np.uint16), np.where(IDS > 0, 65535, 0).astype(np.uint16)])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_with_small_or_two_values(tmp_path: Path, name: str, values: Any) -> None:
    Image.fromarray(values).save(tmp_path / name)
    np.testing.assert_array_equal(read_mask(tmp_path / name), IDS if values.max() == 2 else IDS > 0)


@pytest.mark.parametrize("mode", ["RGB", "LA", "RGBA"])
def test_equal_opaque_channels_are_one(tmp_path: Path, mode: str) -> None:
    Image.fromarray(IDS).convert(mode).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), IDS)


def test_colours_are_refused(tmp_path: Path) -> None:
    Image.new("RGB", (3, 3), (255, 0, 0)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"a.png has colours, not class ids; save the mask as 8-bit grey PNG"):
        read_mask(tmp_path / "a.png")


def test_transparency_is_refused(tmp_path: Path) -> None:
    Image.new("LA", (3, 3), (1, 100)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"a.png has transparent pixels, whose class is unclear"):
        read_mask(tmp_path / "a.png")


@pytest.mark.parametrize(("value", "dtype"), [(300, np.uint16), (-1, np.int32)])
def test_values_beyond_8_bits_are_refused(tmp_path: Path, value: int, dtype: Any) -> None:
    Image.fromarray(np.full((3, 3), value, dtype)).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match=f"a.tif holds the value {value}, but class ids are 0 to 255"):
        read_mask(tmp_path / "a.tif")


def test_floating_point_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.ones((3, 3), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match=r"a.tif has F pixels, not class ids"):
        read_mask(tmp_path / "a.tif")


def test_photographs_are_refused(tmp_path: Path) -> None:
    Image.fromarray(IDS).save(tmp_path / "a.jpg")
    with pytest.raises(UserError, match=r"a.jpg is a JPEG, which blurs class ids; save the mask as PNG"):
        read_mask(tmp_path / "a.jpg")
