"""Lesions in other surroundings."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation

from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.counterfactual import Refined, compose, compositions, lesion_free_share


def case(seed: int, group: str = "", shape: tuple[int, int] = (24, 20)) -> Refined:
    """A case whose first colour is its seed everywhere, with a lesion that may touch the border."""
    rng = np.random.default_rng(seed)
    fine = np.zeros(shape, np.uint8)
    top, left = rng.integers(0, 15, 2)
    height, width = rng.integers(2, 12, 2)
    fine[top : top + height, left : left + width] = 1 + seed % 2
    image = rng.integers(256, size=(*shape, 3)).astype(np.uint8)
    image[..., 0] = seed
    return Refined(image, fine, group)


@given(a=st.integers(0, 100), b=st.integers(101, 200))
def test_the_lesion_is_moved_with_its_labels_and_nothing_else_is_labelled(a: int, b: int) -> None:
    lesion, other = case(a), case(b)
    image, labels = compose(lesion, other)
    moved = np.zeros_like(labels)
    expected = other.surroundings.copy()
    down, right = other.centre - lesion.centre
    for row, column in np.argwhere(lesion.fine > 0):
        r, c = row + down, column + right
        if 0 <= r < labels.shape[0] and 0 <= c < labels.shape[1]:
            moved[r, c] = lesion.fine[row, column]
            expected[r, c] = lesion.image[row, column]
    np.testing.assert_array_equal(labels, moved)
    np.testing.assert_array_equal(image, expected)
    assert image.dtype == labels.dtype == np.uint8
    assert labels.any()


@given(seed=st.integers(0, 100))
def test_surroundings_are_the_image_without_its_lesion(seed: int) -> None:
    one = case(seed)
    image = np.full_like(one.image, 200)
    image[one.fine > 0] = 20
    bare = Refined(image, one.fine, "").surroundings
    assert (bare == 200).all()
    outside = ~binary_dilation(one.fine > 0)
    np.testing.assert_array_equal(one.surroundings[outside], one.image[outside])


def test_the_lesion_comes_to_lie_where_the_other_one_was() -> None:
    one, other = (np.zeros((24, 20), np.uint8) for _ in range(2))
    one[1:4, 1:6], other[15:22, 10:13] = 1, 2
    _, labels = compose(
        Refined(np.zeros((24, 20, 3), np.uint8), one, ""), Refined(np.ones((24, 20, 3), np.uint8), other, "")
    )
    rows, columns = np.nonzero(labels)
    assert (rows.mean(), columns.mean()) == (18.0, 11.0)
    assert (len(rows), set(labels[rows, columns])) == (15, {1})


def test_without_a_lesion_the_middle_is_as_good_as_any_place() -> None:
    empty = Refined(np.full((24, 20, 3), 9, np.uint8), np.zeros((24, 20), np.uint8), "")
    assert empty.centre.tolist() == [12, 10]
    np.testing.assert_array_equal(empty.surroundings, empty.image)


def without_lesion(seed: int, group: str = "") -> Refined:
    shown = case(seed)
    return Refined(shown.image, np.zeros_like(shown.fine), group)


@given(a=st.integers(0, 100), b=st.integers(101, 200))
def test_a_case_without_a_lesion_gives_what_it_shows_in_the_outline_of_the_other(a: int, b: int) -> None:
    empty, other = without_lesion(a), case(b)
    image, labels = compose(empty, other)
    assert not labels.any()
    expected = other.surroundings.copy()
    down, right = other.centre - empty.centre
    for row, column in np.argwhere(other.fine > 0):
        if 0 <= row - down < labels.shape[0] and 0 <= column - right < labels.shape[1]:
            expected[row, column] = empty.image[row - down, column - right]
    np.testing.assert_array_equal(image, expected)
    assert (image[..., 0] == a).any()


def test_a_case_without_a_lesion_lends_its_image_as_it_is() -> None:
    lesion, empty = case(2), without_lesion(7)
    image, labels = compose(lesion, empty)
    np.testing.assert_array_equal(image[labels == 0], empty.image[labels == 0])
    assert set(image[..., 0][labels > 0].tolist()) == {2}


def test_composing_changes_neither_case() -> None:
    lesion, surroundings = case(1), case(2)
    before = [part.copy() for c in (lesion, surroundings) for part in (c.image, c.fine, c.surroundings)]
    compose(lesion, surroundings)[0][:] = 0
    after = [part for c in (lesion, surroundings) for part in (c.image, c.fine, c.surroundings)]
    assert all(np.array_equal(x, y) for x, y in zip(before, after, strict=True))


def sources(cases: list[Refined], per_case: int, seed: int = 0) -> list[tuple[set[int], int]]:
    """For each composition the cases its surroundings came from, and its lesion's case."""
    made = []
    for index, item in enumerate(compositions(cases, per_case, np.random.default_rng(seed))):
        lesion, colours = index // per_case, item.image[..., 0]
        assert set(colours[item.labels > 0].tolist()) == {lesion}
        assert item.has_lesion
        made.append((set(colours[item.labels == 0].tolist()), lesion))
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
    cases = [case(0), case(1, shape=(20, 24)), case(2)]
    rng = np.random.default_rng(0)
    assert [item.image.shape[:2] for item in compositions(cases, 1, rng)] == [(24, 20), (24, 20)]


def test_a_case_without_a_partner_gives_nothing() -> None:
    assert list(compositions([case(0)], 3, np.random.default_rng(0))) == []


def test_the_same_seed_draws_the_same_partners() -> None:
    cases = [case(seed) for seed in range(6)]
    assert sources(cases, 3, seed=1) == sources(cases, 3, seed=1)
    assert sources(cases, 3, seed=1) != sources(cases, 3, seed=2)


def test_a_mask_that_hides_its_lesion_neither_lends_nor_borrows() -> None:
    shown = case(1)
    hidden = Refined(shown.image, np.where(shown.fine > 0, IGNORE, 0).astype(np.uint8), "")
    assert not hidden.has_lesion
    made = list(compositions([case(0), hidden, case(2)], 4, np.random.default_rng(0)))
    assert len(made) == 8
    assert {int(colour) for item in made for colour in np.unique(item.image[..., 0])} == {0, 2}
    assert all(item.labels.any() for item in made)


def test_two_cases_without_a_lesion_are_not_composed_with_each_other() -> None:
    cases = [case(0, "malignant"), without_lesion(1, "benign"), case(2, "malignant"), without_lesion(3, "benign")]
    made = list(compositions(cases, 4, np.random.default_rng(0)))
    assert [item.has_lesion for item in made] == [True] * 4 + [False] * 4 + [True] * 4 + [False] * 4
    for item in made:
        colours = set(item.image[..., 0].ravel().tolist())
        assert item.labels.any() == item.has_lesion
        assert colours & {0, 2}  # one of both has a lesion
    from_free = sum(bool({1, 3} & set(item.image[..., 0].ravel().tolist())) for item in made if item.has_lesion)
    assert from_free == 4  # evenly from both diagnoses


def test_surroundings_without_a_lesion_that_are_there_already_are_not_composed_for() -> None:
    cases = [case(0, "malignant"), case(2, "other"), without_lesion(1, "benign")]
    assert lesion_free_share(cases, 0.9) == 0.9 * 2 / 3
    assert lesion_free_share(cases[:2], 0.9) == 0.9
    assert lesion_free_share([], 0.9) == 0
