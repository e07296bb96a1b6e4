"""Overlap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from napari_unlearn.evaluation.dice import DiceTally


def row(*values: int) -> NDArray[np.uint8]:
    return np.array([values], np.uint8)


def test_the_outline_and_the_class_are_two_questions() -> None:
    tally = DiceTally(3)
    tally.add(row(2, 2, 0, 0), row(1, 1, 0, 0))
    assert tally.lesion == 1.0
    assert tally.per_class == [1.0, 0.0, 0.0]


def test_half_an_overlap() -> None:
    tally = DiceTally(2)
    tally.add(row(1, 1, 0, 0), row(0, 1, 1, 0))
    assert tally.lesion == pytest.approx(0.5)
    assert tally.per_class == [pytest.approx(0.5), pytest.approx(0.5)]


def test_the_outline_is_a_mean_over_cases_and_the_classes_pool_pixels() -> None:
    tally = DiceTally(2)
    tally.add(row(1, 0, 0, 0, 0, 0), row(1, 0, 0, 0, 0, 0))
    tally.add(row(0, 0, 0, 0, 0, 0), row(1, 1, 1, 1, 1, 0))
    assert tally.lesion == pytest.approx(0.5)
    assert tally.per_class[1] == pytest.approx(2 * 1 / (1 + 1 + 0 + 5))


def test_a_case_without_a_lesion_says_nothing_about_outlines() -> None:
    tally = DiceTally(2)
    tally.add(row(0, 0), row(0, 0))
    assert tally.lesion is None
    tally.add(row(1, 0), row(1, 0))
    assert tally.lesion == 1.0


def test_a_lesion_seen_where_there_is_none_counts() -> None:
    tally = DiceTally(2)
    tally.add(row(1, 0), row(0, 0))
    assert tally.lesion == 0.0


def test_a_class_that_never_occurs_has_no_overlap() -> None:
    tally = DiceTally(3)
    tally.add(row(0, 1), row(0, 1))
    assert tally.per_class == [1.0, 1.0, None]


@given(seed=st.integers(0, 1000), cases=st.integers(1, 4))
def test_overlaps_lie_between_none_and_all(seed: int, cases: int) -> None:
    rng, tally, swapped = np.random.default_rng(seed), DiceTally(3), DiceTally(3)
    for _ in range(cases):
        predicted, true = (rng.integers(3, size=(5, 5)).astype(np.uint8) for _ in range(2))
        tally.add(predicted, true)
        swapped.add(true, predicted)
    assert all(0 <= value <= 1 for value in (tally.lesion, *tally.per_class))
    assert (tally.lesion, tally.per_class) == (swapped.lesion, swapped.per_class)
