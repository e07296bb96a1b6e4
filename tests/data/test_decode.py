from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from napari_unlearn.data.decode import image_shape, read_image, read_mask, read_values
from napari_unlearn.errors import UserError

RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
GREY = RGB[:, :, 0]


def grey(values: NDArray[np.integer]) -> NDArray[np.integer]:
    return np.repeat(values[:, :, None], 3, axis=2)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "A.PNG"])
@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.fromarray(RGB), RGB),
        (Image.fromarray(GREY), grey(GREY)),
        (Image.fromarray(GREY > 100), grey(np.where(GREY > 100, 255, 0))),
        (Image.fromarray(RGB).quantize(256), np.asarray(Image.fromarray(RGB).quantize(256).convert("RGB"))),
    ],
    ids=["rgb", "grey", "bits", "palette"],
)
def test_every_kind_of_pixel_becomes_rgb(
    tmp_path: Path, name: str, image: Image.Image, expected: NDArray[np.uint8]
) -> None:
    image.save(tmp_path / name)
    pixels = read_image(tmp_path / name)
    assert (pixels.dtype, image_shape(tmp_path / name)) == (np.uint8, (6, 8))
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_keep_the_upper_eight(tmp_path: Path, name: str) -> None:
    deep = np.array([[0, 255, 256], [32768, 65280, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / name)
    np.testing.assert_array_equal(read_image(tmp_path / name), grey(deep >> 8))


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_transparent_pixels_are_laid_over_white(tmp_path: Path, mode: str) -> None:
    pixels = np.array([[[10, 10, 10, 255], [10, 10, 10, 0]]], np.uint8)
    image = Image.fromarray(pixels)
    if mode == "P":
        image = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
        image.putpalette([10, 10, 10, 200, 0, 0])
        image.info["transparency"] = 1
    image.convert(mode).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), [[[10, 10, 10], [255, 255, 255]]])


def test_inks_become_light(tmp_path: Path) -> None:
    Image.new("CMYK", (4, 4), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    red, green, blue = read_image(tmp_path / "a.jpg")[0, 0]
    assert red > 240
    assert max(green, blue) < 15


def test_floating_point_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((3, 3), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match=r"a.tif has F pixels, not 8 or 16 bits of colour; save it as 8-bit RGB"):
        read_image(tmp_path / "a.tif")


def test_content_counts_and_not_the_name(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(read_image(tmp_path / "a.jpg"), RGB)


@pytest.mark.parametrize("pad", [False, True])
def test_a_cut_photograph_is_refused_whatever_pillow_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pad: bool
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", pad)
    Image.fromarray(np.tile(RGB, (20, 20, 1))).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(UserError, match=r"a.jpg is cut off before its end; copy it again"):
        read_image(tmp_path / "a.jpg")
    assert pad is ImageFile.LOAD_TRUNCATED_IMAGES


def test_any_single_changed_byte_gives_an_image_or_a_sentence(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    refused = []
    for name in ("a.jpg", "a.png", "a.tif", "a.bmp"):
        Image.fromarray(RGB).save(tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        for place in rng.integers(0, min(len(whole), 300), 60):
            changed = bytearray(whole)
            changed[place] ^= int(rng.integers(1, 256))
            (tmp_path / name).write_bytes(changed)
            try:
                assert read_image(tmp_path / name).shape == (*image_shape(tmp_path / name), 3)
            except UserError as error:
                refused.append((name, str(error)))
    assert refused
    assert all(name in sentence for name, sentence in refused)


def test_a_mask_of_nothing_but_0_and_255_means_0_and_1(tmp_path: Path) -> None:
    mask = np.where(GREY > 100, 255, 0).astype(np.uint8)
    Image.fromarray(mask).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), mask // 255)
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png", foreground=2), mask // 255 * 2)
    np.testing.assert_array_equal(read_values(tmp_path / "a.png"), mask)


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (1, 1), (255, 1), (7, 7)])
def test_masks_of_one_value(tmp_path: Path, value: int, expected: int) -> None:
    Image.fromarray(np.full((2, 3), value, np.uint8)).save(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png").tolist() == [[expected] * 3] * 2


def test_other_values_are_left_alone(tmp_path: Path) -> None:
    mask = np.array([[0, 1, 254, 255]], np.uint8)
    Image.fromarray(mask).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png"), mask)


def test_real_images_and_masks_fit(shared_data: Path) -> None:
    folder = shared_data / "isic384"
    names = sorted(path.stem for path in (folder / "masks").iterdir())[:5]
    for name in names:
        image = read_image(folder / "images" / f"{name}.jpg")
        mask = read_mask(folder / "masks" / f"{name}.png")
        assert image.shape == (384, 384, 3)
        assert mask.shape == (384, 384)
        assert set(np.unique(mask)) <= {0, 1}
