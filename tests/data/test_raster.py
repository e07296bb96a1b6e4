from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data.raster import load_upright, open_raster, quiet, upright_shape
from napari_unlearn.errors import UserError

# One bright corner, so that every turn is told from every other.
CORNER = np.zeros((4, 6), np.uint8)
CORNER[0, 0] = 255
TURNS = {
    1: CORNER,
    2: CORNER[:, ::-1],
    3: CORNER[::-1, ::-1],
    4: CORNER[::-1],
    5: CORNER.T,
    6: np.rot90(CORNER, -1),
    7: np.rot90(CORNER, 2).T,
    8: np.rot90(CORNER),
}


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
@pytest.mark.parametrize("orientation", sorted(TURNS))
def test_images_stand_upright_as_the_camera_noted(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    # Blocks of 8 pixels survive JPEG.
    Image.fromarray(np.kron(CORNER, np.ones((8, 8), np.uint8))).save(stream, kind, exif=exif)
    stream.seek(0)
    image, source = load_upright(Path("x"), stream)
    assert source.format == kind
    np.testing.assert_array_equal(np.asarray(image)[4::8, 4::8] > 127, TURNS[orientation] > 127)
    stream.seek(0)
    assert upright_shape(Path("x"), stream) == (image.height, image.width)


@pytest.mark.parametrize("size", [(20_000, 20_000), (200_000, 200_000)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(UserError, match=rf"a.png is {size[0]} x {size[1]} pixels .* above the limit of 100 megapixels"):
        open_raster(Path("a.png"), io.BytesIO(png_header(*size)))


def test_sizes_that_only_pillow_finds_large_give_no_warning() -> None:
    image = open_raster(Path("a.png"), io.BytesIO(png_header(10_000, 9_900)))
    assert image.size == (10_000, 9_900)


@pytest.mark.parametrize("data", [b"GIF89a" + b"\0" * 40, b"%PDF-1.7", b"hello", b"<svg></svg>"])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(UserError, match=r"a.jpg is not a JPEG, PNG, TIFF, BMP or DICOM image; save it"):
        open_raster(Path("a.jpg"), io.BytesIO(data))


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0\0\x10JFIF", b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0", b"BM123"])
def test_a_header_alone_is_damage(data: bytes) -> None:
    with pytest.raises(UserError, match=r"a.jpg is damaged and cannot be read as an image; copy it again"):
        open_raster(Path("a.jpg"), io.BytesIO(data))


@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_several_pages_are_refused(kind: str) -> None:
    stream = io.BytesIO()
    pages = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (0, 200)]
    pages[0].save(stream, kind, save_all=True, append_images=pages[1:])
    stream.seek(0)
    with pytest.raises(UserError, match=r"a.tif has several pages; save the page you mean as its own file"):
        open_raster(Path("a.tif"), stream)


def test_damaged_notes_of_the_camera_do_no_harm() -> None:
    stream = io.BytesIO()
    Image.fromarray(CORNER).save(stream, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01")
    stream.seek(0)
    image, _ = load_upright(Path("x"), stream)
    assert image.size == (6, 4)


def test_filters_of_warnings_are_put_back_by_every_thread() -> None:
    before = list(warnings.filters)

    def work() -> None:
        for _ in range(50):
            with quiet():
                warnings.warn("odd header", stacklevel=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
