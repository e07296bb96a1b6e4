"""Resampling to the working grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.models.grid import STRIDE, grid_shape, image_to_grid, mask_to_grid

sides = st.integers(1, 5000)


@pytest.mark.parametrize(
    ("image", "size", "grid"),
    [
        ((64, 64), 64, (64, 64)),
        ((600, 1000), 256, (160, 256)),
        ((1000, 600), 256, (256, 160)),
        ((10, 900), 96, (32, 96)),
    ],
)
def test_the_long_side_becomes_the_size_and_the_shape_is_kept(
    image: tuple[int, int], size: int, grid: tuple[int, int]
) -> None:
    assert grid_shape(*image, size) == grid


@given(height=sides, width=sides, size=st.integers(1, 16).map(lambda n: n * STRIDE))
def test_every_grid_suits_the_encoder(height: int, width: int, size: int) -> None:
    h, w = grid_shape(height, width, size)
    assert h % STRIDE == w % STRIDE == 0
    assert min(h, w) >= STRIDE
    assert max(h, w) == size
    assert (h >= w) == (height >= width) or h == w


def test_an_image_is_resampled_smoothly() -> None:
    edge = np.zeros((256, 256, 3), np.uint8)
    edge[:, 131:] = 240
    grid = image_to_grid(edge, 64).numpy()
    assert grid.shape == (3, 64, 64)
    assert grid.dtype == np.uint8
    assert 0 < grid[0, 32, 32] < 240


def test_an_image_of_the_right_size_is_not_touched() -> None:
    image = np.random.default_rng(0).integers(256, size=(32, 64, 3)).astype(np.uint8)
    grid = image_to_grid(image, 64)
    np.testing.assert_array_equal(grid.permute(1, 2, 0).numpy(), image)
    image[:] = 0
    assert grid.any()


@given(seed=st.integers(0, 100), height=st.integers(1, 90), width=st.integers(1, 90))
def test_no_class_id_is_invented(seed: int, height: int, width: int) -> None:
    mask = np.random.default_rng(seed).choice([0, 1, 7, 255], size=(height, width)).astype(np.uint8)
    grid = mask_to_grid(mask, 64)
    assert grid.shape == grid_shape(height, width, 64)
    assert set(np.unique(grid)) <= set(np.unique(mask))


def test_a_mask_and_its_image_keep_their_places() -> None:
    mask = np.zeros((200, 200), np.uint8)
    mask[120:, :60] = 1
    image = np.repeat(mask[..., None] * np.uint8(255), 3, axis=2)
    agree = (image_to_grid(image, 64)[0].numpy() > 127) == (mask_to_grid(mask, 64) > 0)
    assert agree.mean() > 0.97
