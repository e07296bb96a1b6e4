"""What cases without a lesion count for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.operators.lesion_free import Kinds


def kinds(refined: int, unrefined: int, lesion_free: int, left_out: int = 0) -> Kinds:
    made = Kinds()
    for lesion_free_case, teaches, count in [
        (False, True, refined),
        (False, False, unrefined),
        (True, True, lesion_free),
        (True, False, left_out),
    ]:
        for _ in range(count):
            made.count(lesion_free=lesion_free_case, teaches=teaches)
    return made


@given(refined=st.integers(1, 40), unrefined=st.integers(0, 400), lesion_free=st.integers(1, 400))
def test_cases_count_as_they_would_were_all_refined(refined: int, unrefined: int, lesion_free: int) -> None:
    share = kinds(refined, unrefined, lesion_free).share(refined, lesion_free)
    assert share == pytest.approx(lesion_free / (lesion_free + refined + unrefined))


@given(taking_part=st.integers(1, 50), left_out=st.integers(0, 50))
def test_those_that_are_left_out_are_stood_for_by_the_others(taking_part: int, left_out: int) -> None:
    share = kinds(10, 90, taking_part, left_out).share(10, taking_part)
    assert share == pytest.approx((taking_part + left_out) / (taking_part + left_out + 100))


def test_it_is_the_mass_of_a_case_that_counts() -> None:
    assert kinds(10, 0, 10).share(30, 10) == pytest.approx(0.25)


def test_one_kind_alone_carries_everything() -> None:
    assert kinds(10, 5, 0).share(10, 0) == 0
    assert kinds(0, 5, 10).share(0, 10) == 1
