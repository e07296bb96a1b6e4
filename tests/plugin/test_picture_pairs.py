from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.plugin.picture_pairs import GAINED, LINE, LOST, OTHER, difference, fill_split

BEFORE = np.array([[0, 1, 1, 2, 0, 1]], np.uint8)
AFTER = np.array([[0, 1, 0, 1, 2, 2]], np.uint8)


def test_a_difference_says_what_was_lost_gained_and_renamed() -> None:
    assert difference(BEFORE, AFTER).tolist() == [[0, 0, LOST, OTHER, GAINED, OTHER]]
    assert not difference(BEFORE, BEFORE).any()


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        (2, 1, [0, 1, LINE, 1, 2, 2]),
        (0, 2, [LINE, LINE, 0, 1, 2, 2]),
        (5, 1, [0, 1, 1, 2, 0, LINE]),
        (4, 9, [0, 1, 1, 2, LINE, LINE]),
    ],
)
def test_a_split_shows_one_on_either_side_of_the_line(line: int, width: int, expected: list[int]) -> None:
    picture = np.zeros_like(BEFORE)
    fill_split(picture, BEFORE, AFTER, slice(None), line, width)
    assert picture.tolist() == [expected]


def test_drawing_only_what_a_moved_line_changes_gives_the_same_picture() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.integers(0, 3, (2, 7, 40)).astype(np.uint8)
    picture = np.empty_like(before)
    fill_split(picture, before, after, slice(None), 30, 2)
    for old, new in ((30, 11), (11, 12), (12, 38)):
        fill_split(picture, before, after, slice(min(old, new), max(old, new) + 2), new, 2)
        whole = np.empty_like(before)
        fill_split(whole, before, after, slice(None), new, 2)
        np.testing.assert_array_equal(picture, whole)
