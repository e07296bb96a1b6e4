"""Lesions in other surroundings."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.operators.counterfactual import Refined, compose, compositions


def case(seed: int, group: str = "", shape: tuple[int, int] = (12, 10)) -> Refined:
    """A case whose pixels are all different from those of every other seed."""
    rng = np.random.default_rng(seed)
    fine = np.zeros(shape, np.uint8)
    top, left = rng.integers(0, 6, 2)
    fine[top : top + 5, left : left + 4] = 1 + seed % 2
    image = rng.integers(256, size=(*shape, 3)).astype(np.uint8)
    image[..., 0] = seed
    return Refined(image, fine, group)


@given(a=st.integers(0, 100), b=st.integers(101, 200))
def test_every_pixel_comes_with_its_own_label(a: int, b: int) -> None:
    lesion, surroundings = case(a), case(b)
    image, labels = compose(lesion, surroundings)
    inside = lesion.fine > 0
    np.testing.assert_array_equal(image[inside], lesion.image[inside])
    np.testing.assert_array_equal(image[~inside], surroundings.image[~inside])
    np.testing.assert_array_equal(labels[inside], lesion.fine[inside])
    np.testing.assert_array_equal(labels[~inside], surroundings.fine[~inside])
    assert image.dtype == labels.dtype == np.uint8


def test_composing_changes_neither_case() -> None:
    lesion, surroundings = case(1), case(2)
    before = [part.copy() for c in (lesion, surroundings) for part in (c.image, c.fine)]
    compose(lesion, surroundings)[0][:] = 0
    after = [part for c in (lesion, surroundings) for part in (c.image, c.fine)]
    assert all(np.array_equal(x, y) for x, y in zip(before, after, strict=True))


def sources(cases: list[Refined], per_case: int, seed: int = 0) -> list[tuple[set[int], int]]:
    """For each composition the cases its surroundings came from, and its lesion's case."""
    made = []
    for index, (image, labels) in enumerate(compositions(cases, per_case, np.random.default_rng(seed))):
        lesion = index // per_case
        outside = cases[lesion].fine == 0
        made.append((set(np.unique(image[..., 0][outside]).tolist()), lesion))
        np.testing.assert_array_equal(labels[~outside], cases[lesion].fine[~outside])
    return made


def test_every_case_is_composed_as_often_as_asked_and_never_with_itself() -> None:
    cases = [case(seed, group) for seed, group in enumerate("abab")]
    made = sources(cases, 5)
    assert len(made) == 20
    assert all(len(found) == 1 and lesion not in found for found, lesion in made)


def test_surroundings_come_evenly_from_all_groups() -> None:
    cases = [case(seed, "rare" if seed == 0 else "common") for seed in range(8)]
    drawn = Counter(next(iter(found)) == 0 for found, lesion in sources(cases, 40) if lesion != 0)
    assert drawn[True] == drawn[False] == 7 * 20


def test_cases_of_another_shape_are_no_partners() -> None:
    cases = [case(0), case(1, shape=(10, 12)), case(2)]
    rng = np.random.default_rng(0)
    assert [image.shape[:2] for image, _ in compositions(cases, 1, rng)] == [(12, 10), (12, 10)]


def test_a_case_without_a_partner_gives_nothing() -> None:
    assert list(compositions([case(0)], 3, np.random.default_rng(0))) == []


def test_the_same_seed_draws_the_same_partners() -> None:
    cases = [case(seed) for seed in range(6)]
    assert sources(cases, 3, seed=1) == sources(cases, 3, seed=1)
    assert sources(cases, 3, seed=1) != sources(cases, 3, seed=2)
