"""Tests of the pixels that stand for all."""

from __future__ import annotations

import numpy as np

from napari_unlearn.leakage.sampling import PIXELS, lattice, shuffled_pixels, spread_evenly


def test_pixels_are_taken_in_even_steps():
    assert spread_evenly(np.arange(7)).tolist() == list(range(7))
    some = spread_evenly(np.arange(10 * PIXELS))
    assert some.size == PIXELS
    assert set(np.diff(some)) <= {10, 11}


def test_the_lattice_of_a_small_image_is_the_image():
    np.testing.assert_array_equal(lattice((5, 7), most=35), np.arange(35))


def test_the_lattice_of_a_large_image_goes_in_even_steps_along_both_sides():
    rows, columns = np.divmod(lattice((256, 192), most=4096), 192)
    assert np.unique(np.diff(np.unique(rows))).tolist() == [4]
    assert np.unique(np.diff(np.unique(columns))).tolist() == [4]
    assert rows.size == 64 * 48
    assert 0 < rows.min() < 4
    assert 252 <= rows.max() < 256


def test_a_strip_of_pixels_has_a_lattice_too():
    places = lattice((1, 10_000), most=100)
    assert 50 <= places.size <= 100
    assert places.max() < 10_000


def test_many_images_make_do_with_fewer_pixels():
    assert [shuffled_pixels(images) for images in (0, 200, 1000, 10**6)] == [400, 400, 200, 100]
