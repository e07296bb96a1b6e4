from __future__ import annotations

import numpy as np
from skimage.color import rgb2lab

from napari_unlearn.proposals.picture import around, darker, enlarged, outlined, small


def test_a_small_image_keeps_its_size_and_a_large_one_its_proportions(skin: np.ndarray) -> None:
    np.testing.assert_allclose(small(skin), rgb2lab(skin))
    assert small(skin, 60).shape == (60, 80, 3)
    assert small(np.zeros((3, 5000, 3), np.uint8), 2).shape == (2, 3333, 3)


def test_a_mask_is_brought_back_onto_the_pixels_of_the_image() -> None:
    found = np.zeros((20, 30), bool)
    found[5:15, 10:20] = True
    large = enlarged(found, (200, 300, 3))
    assert large.shape == (200, 300)
    assert large[55:145, 105:195].all()
    assert large.sum() < 1.1 * 100 * 100
    assert enlarged(found, (20, 30)) is found


def test_the_median_of_what_is_around_leaves_out_a_spot() -> None:
    values = np.full((80, 90), 5.0)
    values[40:44, 40:44] = 50
    np.testing.assert_allclose(around(values, 33), 5.0)


def test_thin_things_are_dark_and_broad_ones_are_not() -> None:
    lightness = np.full((60, 60), 70.0)
    lightness[10:12] = 40
    lightness[30:50, 30:50] = 40
    darkness = darker(lightness)
    assert darkness[10, 30] > 25
    assert darkness[40, 40] < 1e-9
    assert darkness[22, 5] < 1e-9


def test_only_what_is_dark_in_a_region_is_outlined(skin: np.ndarray) -> None:
    image = skin.copy()
    image[100:103] = 40
    region = np.zeros((240, 320), bool)
    region[90:115, 50:100] = True
    found = outlined(image, region)
    assert found[101, 50:100].all()
    assert not found[~region].any()
    assert found.sum() < 5 * 50
    assert not outlined(image, np.zeros_like(region)).any()
