from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_unlearn.data.synthetic.hair import HairSpec, render_hair
from napari_unlearn.proposals.hair import find, ridges


def hairy(skin: np.ndarray, flip: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Skin with one curved hair, and where it is."""
    rows, columns = np.mgrid[: skin.shape[0], : skin.shape[1]]
    middle = 120 + 30 * np.sin(columns / 60)
    hair = (np.abs(rows - middle) < 1.2) & (columns > 40) & (columns < 280)
    image = skin.copy()
    image[hair] = (250, 240, 235) if flip else (60, 45, 40)
    return image, hair


def test_a_dark_hair_is_found_and_little_else(skin: np.ndarray) -> None:
    image, hair = hairy(skin)
    found = find(image)
    assert (found & hair).sum() > 0.8 * hair.sum()
    assert (found & ndimage.binary_dilation(hair, iterations=3)).sum() > 0.95 * found.sum()


def test_fair_hair_is_not_found(skin: np.ndarray) -> None:
    assert not find(hairy(skin, flip=True)[0]).any()


def test_an_edge_is_no_hair(skin: np.ndarray) -> None:
    image = skin.copy()
    image[:, 160:] = (image[:, 160:] * 0.6).astype(np.uint8)
    assert not find(image).any()


def test_a_ridge_is_as_strong_as_the_darker_stroke_is_below_the_less_light_side() -> None:
    lightness = np.full((60, 60), 70.0)
    lightness[31:] = 60.0
    lightness[28:33] = 50.0
    strength = ridges(lightness)
    assert 0 < strength[30, 30] < 10
    assert strength[5, 30] < 1e-6


def test_the_hair_of_a_drawn_case_is_found(skin: np.ndarray) -> None:
    square = np.asarray(skin[:240, :240], np.float32)
    for seed in (0, 2):
        mark = render_hair(HairSpec(6, seed), 240)
        image = np.clip(mark.over(square), 0, 255).astype(np.uint8)
        if float(np.mean(mark.colour)) < 100:  # fair hair is not looked for
            assert (find(image) & mark.pixels).sum() > 0.4 * mark.pixels.sum()
