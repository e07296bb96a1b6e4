from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.project.delta import TILE, Delta, between, from_whole, read, tiles, whole

shapes = st.tuples(st.integers(1, 2 * TILE + 3), st.integers(1, 2 * TILE + 3))


def masks(shape: tuple[int, int], seed: int, values: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, values, shape, np.uint8)
    after = before.copy()
    top, left = rng.integers(0, shape[0]), rng.integers(0, shape[1])
    after[top : top + 40, left : left + 300] = rng.integers(0, values)
    return before, after


@given(shapes, st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 256]))
def test_a_change_leads_to_either_end_and_stays_in_its_rectangle(
    shape: tuple[int, int], seed: int, values: int
) -> None:
    before, after = masks(shape, seed, values)
    delta = between(before, after, tiles(shape))
    if delta is None:
        assert np.array_equal(before, after)
        return
    outside = before.copy()
    outside[delta.rectangle] = after[delta.rectangle]
    assert np.array_equal(outside, after)
    mask = before.copy()
    delta.apply(mask)
    assert np.array_equal(mask, after)
    delta.apply(mask)
    assert np.array_equal(mask, before)
    assert read(delta.data, shape) == delta


@given(shapes, st.integers(0, 2**32 - 1))
def test_a_whole_mask_is_a_change_from_nothing(shape: tuple[int, int], seed: int) -> None:
    mask, _ = masks(shape, seed, 3)
    assert np.array_equal(from_whole(whole(mask), shape), mask)
    assert whole(np.zeros(shape, np.uint8)) == b""


def test_tiles_cover_every_pixel_once() -> None:
    seen = np.zeros((TILE + 1, 2 * TILE), int)
    for tile in tiles(seen.shape):
        seen[tile] += 1
    assert (seen == 1).all()


def test_one_class_costs_one_bit_a_pixel() -> None:
    rng = np.random.default_rng(0)
    before = np.full((TILE, TILE), 2, np.uint8)
    after = np.where(rng.random(before.shape) < 0.5, 0, before).astype(np.uint8)
    delta = between(before, after, tiles(before.shape))
    assert delta is not None
    assert len(delta.data) < before.size / 8 + 200  # what cannot be compressed any more


@pytest.mark.parametrize(
    "body",
    [
        b"short",
        struct.pack("<4IB", 0, 0, 9, 9, 1) + bytes(11),  # larger than the mask
        struct.pack("<4IB", 4, 0, 2, 5, 1) + bytes(2),  # over its edge
        struct.pack("<4IB", 0, 0, 5, 5, 1) + bytes(1),  # pixels are missing
        bytes(100_000),  # far more than the mask can hold
    ],
)
def test_data_from_elsewhere_never_reach_beyond_the_mask(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"patch|change|buffer"):
        read(zlib.compress(body), (5, 5))


def test_data_that_are_not_compressed_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Delta((slice(0, 1), slice(0, 1)), b"nonsense").apply(np.zeros((5, 5), np.uint8))
