from __future__ import annotations

import numpy as np

from napari_unlearn.proposals.ink import find

ROWS, COLUMNS = np.ogrid[:240, :320]
RING = np.abs(np.hypot(ROWS - 120, COLUMNS - 160) - 70) < 5


def stained(skin: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    image = skin.copy()
    image[RING] = colour
    return image


def test_a_violet_ring_is_found_where_it_is(skin: np.ndarray) -> None:
    found = find(stained(skin, (118, 84, 190)))
    assert (found & RING).sum() > 0.8 * RING.sum()
    assert (found & RING).sum() > 0.7 * found.sum()


def test_it_is_found_at_the_size_of_a_larger_image(skin: np.ndarray) -> None:
    large = np.repeat(np.repeat(stained(skin, (118, 84, 190)), 3, axis=0), 3, axis=1)
    found = find(large)
    assert found.shape == (720, 960)
    assert (found[1::3, 1::3] & RING).sum() > 0.8 * RING.sum()


def test_brown_of_a_lesion_and_black_ink_are_no_violet_ink(skin: np.ndarray) -> None:
    for colour in ((120, 70, 50), (60, 58, 60)):
        assert not find(stained(skin, colour)).any()


def test_a_sticker_of_teal_is_no_ink(skin: np.ndarray) -> None:
    image = skin.copy()
    image[np.hypot(ROWS - 40, COLUMNS - 40) < 60] = (116, 190, 178)
    assert not find(image).any()


def test_an_image_without_light_holds_no_ink() -> None:
    assert not find(np.zeros((40, 50, 3), np.uint8)).any()
