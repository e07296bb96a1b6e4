from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from napari_unlearn.report.pictures import CLASSES, SIDE, forget_picture, plain_picture, prediction_picture, spread


def decoded(uri: str) -> NDArray[np.int_]:
    head, data = uri.split(",", 1)
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert dict(picture.getexif()) == {}
        return np.asarray(picture, int)


@pytest.fixture
def image() -> NDArray[np.uint8]:
    return np.full((48, 96, 3), (200, 150, 130), np.uint8)


def square(low: int, high: int) -> NDArray[np.uint8]:
    mask = np.zeros((48, 96), np.uint8)
    mask[low:high, low:high] = 1
    return mask


@pytest.mark.parametrize("shape", [(48, 96), (3, 5), (700, 20), (1, 1)])
def test_pictures_have_one_size_and_keep_their_proportions(shape: tuple[int, int]) -> None:
    picture = decoded(plain_picture(np.zeros((*shape, 3), np.uint8)))
    assert max(picture.shape[:2]) == SIDE
    assert picture.shape[0] == max(1, round(shape[0] * SIDE / max(shape)))


def test_what_was_forgotten_is_hatched_and_nothing_else(image: NDArray[np.uint8]) -> None:
    coarse, fine = square(8, 40), square(18, 30)
    plain, drawn = (
        decoded(plain_picture(image)),
        decoded(forget_picture(image, coarse, fine, (coarse > 0) & (fine == 0))),
    )
    changed = np.abs(drawn - plain).max(axis=-1) > 40
    scale = SIDE // 96
    assert changed[12 * scale, 10 * scale : 38 * scale].mean() > 0.2  # stripes
    assert changed[12 * scale, 10 * scale : 38 * scale].mean() < 0.6  # with the image between them
    assert not changed[21 * scale : 27 * scale, 21 * scale : 27 * scale].any()  # inside the fine mask
    assert not changed[:, 50 * scale :].any()


def test_a_prediction_wears_the_colour_of_its_class(image: NDArray[np.uint8]) -> None:
    for class_id in (1, 2):
        prediction = (square(8, 40) * class_id).astype(np.uint8)
        middle = decoded(prediction_picture(image, prediction, None))[72, 72]
        expected = 0.62 * np.array([200, 150, 130]) + 0.38 * np.array(CLASSES[class_id - 1])
        np.testing.assert_allclose(middle, expected, atol=6)


def test_the_fine_outline_is_drawn_over_a_prediction(image: NDArray[np.uint8]) -> None:
    nothing = np.zeros((48, 96), np.uint8)
    with_fine = decoded(prediction_picture(image, nothing, square(8, 40)))
    without = decoded(prediction_picture(image, nothing, None))
    assert (with_fine.min(axis=-1) > 235).any()
    assert not (without.min(axis=-1) > 235).any()


def test_cases_are_chosen_by_their_place() -> None:
    assert spread(list(range(10)), 3) == [0, 3, 6]
    assert spread([1, 2], 3) == [1, 2]
    assert spread([], 3) == []
