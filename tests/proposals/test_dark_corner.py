from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.proposals.artefacts import propose
from napari_unlearn.proposals.dark_corner import find

ROWS, COLUMNS = np.ogrid[:300, :400]
LIT = (ROWS - 150) ** 2 + (COLUMNS - 200) ** 2 <= 190**2


def picture(lit: np.ndarray) -> np.ndarray:
    made = np.full((300, 400, 3), (225, 180, 165), np.uint8)
    made[~lit] = 8
    return made


def test_the_dark_around_the_field_of_view_is_found_at_full_size() -> None:
    found = find(picture(LIT))
    assert found.shape == (300, 400)
    assert np.count_nonzero(found != ~LIT) < 0.1 * np.count_nonzero(~LIT)


def test_a_dark_lesion_is_no_corner() -> None:
    lesion = (ROWS - 150) ** 2 + (COLUMNS - 200) ** 2 <= 60**2
    both = picture(LIT & ~lesion)
    assert not find(both)[lesion].any()
    assert find(both)[0, 0]


def test_an_image_without_dark_corners_is_said_to_have_none() -> None:
    bright = picture(np.ones((300, 400), bool))
    assert not find(bright).any()
    with pytest.raises(UserError, match="No corner"):
        propose(bright, "dark-corner")
    assert set(np.unique(propose(picture(LIT), "dark-corner"))) == {0, 1}
