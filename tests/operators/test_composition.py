"""What can be made of two runs, and which of it is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.operators.composition import LARGEST_LOSS, Measured, choose, exchanges, interpolations

FIRST, SECOND = np.array([[0.0, 2.0], [4.0, 1.0]]), np.array([[1.0, 0.0], [4.0, 3.0]])


def test_the_way_is_straight_and_has_eleven_points() -> None:
    made = interpolations(FIRST, SECOND)
    np.testing.assert_allclose([candidate.share for candidate in made], np.linspace(0, 1, 11))
    for candidate in made:
        np.testing.assert_allclose(candidate.weights, FIRST + candidate.share * (SECOND - FIRST))
    np.testing.assert_array_equal(made[0].weights, FIRST)
    np.testing.assert_array_equal(made[-1].weights, SECOND)
    assert made[3].name == "30% of the second run"


def test_an_exchange_takes_every_entry_from_one_run() -> None:
    head = np.array([[False, True], [False, True]])
    one, other = exchanges(FIRST, SECOND, head)
    np.testing.assert_array_equal(one.weights, [[0, 0], [4, 3]])
    np.testing.assert_array_equal(other.weights, [[1, 2], [4, 1]])
    assert one.share is None


@pytest.mark.parametrize(
    ("measured", "index"),
    [
        ([(0.90, 0.5), (0.895, 0.1), (0.85, 0.0)], 1),  # the last gave up too much
        ([(0.90, 0.2), (0.91, 0.2), (0.91, 0.2)], 1),  # of equals the better, then the first
        ([(0.5, 0.9)], 0),
        ([(0.0, 0.3), (0.0, 0.0)], 1),
    ],
)
def test_the_one_that_forgets_most_among_the_good_is_chosen(measured: list[tuple[float, float]], index: int) -> None:
    assert choose([Measured(*each) for each in measured]) == index


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=13))
def test_the_choice_is_never_much_worse_and_forgets_no_less_than_the_best(values: list[tuple[float, float]]) -> None:
    measured = [Measured(*each) for each in values]
    chosen = measured[choose(measured)]
    best = max(measured, key=lambda each: each.dice)
    assert chosen.dice >= best.dice - LARGEST_LOSS
    assert chosen.forgotten <= best.forgotten
