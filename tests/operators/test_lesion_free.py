"""What cases without a lesion count for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.operators.counterfactual import Refined
from napari_unlearn.operators.lesion_free import Kinds, companions


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


def test_background_near_a_lesion_counts_for_more_only_where_all_lesions_have_masks() -> None:
    assert kinds(10, 5, 0).near_weight(24.0) == 24
    assert kinds(10, 5, 0, left_out=1).near_weight(24.0) == 1
    assert kinds(10, 5, 1).near_weight(24.0) == 1


@pytest.mark.parametrize("lesions", [0, 2, 100])
def test_there_are_no_more_companions_than_cases_with_a_lesion(sample: Dataset, lesions: int) -> None:
    cases = sample.split("train")[:5]
    rng = np.random.default_rng(0)
    image, mask = np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.uint8)
    found = companions(cases, [Refined(image, mask, "") for _ in range(lesions)], 64, rng)
    assert len(found) == min(5, lesions)
    assert not any(one.has_lesion for one in found)
    images = [image_to_grid(case.image(), 64).permute(1, 2, 0).numpy() for case in cases]
    places = [next(i for i, image in enumerate(images) if np.array_equal(image, one.image)) for one in found]
    assert sorted(set(places)) == places
    assert [one.group for one in found] == [cases[i].diagnosis for i in places]


def test_where_there_is_nothing_to_draw_the_source_is_not_touched() -> None:
    rng = np.random.default_rng(0)
    assert companions([], [], 64, rng) == []
    assert rng.integers(1 << 30) == np.random.default_rng(0).integers(1 << 30)
