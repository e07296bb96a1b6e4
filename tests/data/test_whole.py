from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from napari_unlearn.data.raster import open_raster
from napari_unlearn.data.whole import is_whole

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 48, 3), dtype=np.uint8)
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
]


def encoded(kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, kind, **options)
    return stream.getvalue()


def whole(data: bytes) -> bool:
    stream = io.BytesIO(data)
    image = open_raster(Path("x"), stream)
    position = stream.tell()
    answer = is_whole(image, stream)
    assert stream.tell() == position
    return answer


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_complete_files_are_whole_whatever_follows_them(kind: str, options: dict[str, Any]) -> None:
    data = encoded(kind, **options)
    assert whole(data)
    assert whole(data + b"\0" * 10)


# A TIFF with compressed pixels has its header behind them, so cutting it leaves nothing to open.
@pytest.mark.parametrize(("kind", "options"), KINDS[:5])
@pytest.mark.parametrize("allowed", [False, True])
def test_cut_files_are_not_whole_even_where_pillow_would_pad_them(
    kind: str, options: dict[str, Any], allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", allowed)
    data = encoded(kind, **options)
    for share in (0.5, 0.8, 0.95):
        assert not whole(data[: int(len(data) * share)])


def test_the_end_of_an_embedded_preview_is_not_the_end_of_the_photograph() -> None:
    preview = encoded("JPEG")[:4000]
    data = encoded("JPEG", exif=b"Exif\0\0" + preview)
    assert preview.count(b"\xff\xd9") > 0
    assert whole(data)
    assert not whole(data[:-200])


def test_stray_bytes_between_segments_are_stepped_over() -> None:
    data = encoded("JPEG")
    assert whole(data[:2] + b"\xff\xff" + data[2:])
