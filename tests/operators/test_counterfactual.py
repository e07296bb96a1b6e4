"""Lesions in other surroundings."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation

from napari_unlearn.errors import UserError
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.counterfactual import Refined, compose, compositions, require_lesions


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
    image, labels = compose(empty, case(1))
    np.testing.assert_array_equal(image, case(1).surroundings)
    assert not labels.any()


def test_composing_changes_neither_case() -> None:
    lesion, surroundings = case(1), case(2)
    before = [part.copy() for c in (lesion, surroundings) for part in (c.image, c.fine, c.surroundings)]
    compose(lesion, surroundings)[0][:] = 0
    after = [part for c in (lesion, surroundings) for part in (c.image, c.fine, c.surroundings)]
    assert all(np.array_equal(x, y) for x, y in zip(before, after, strict=True))


def sources(cases: list[Refined], per_case: int, seed: int = 0) -> list[tuple[set[int], int]]:
    """For each composition the cases its surroundings came from, and its lesion's case."""
    made = []
    for index, (image, labels) in enumerate(compositions(cases, per_case, np.random.default_rng(seed))):
        lesion = index // per_case
        assert set(image[..., 0][labels > 0].tolist()) == {lesion}
        made.append((set(image[..., 0][labels == 0].tolist()), lesion))
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
    assert [image.shape[:2] for image, _ in compositions(cases, 1, rng)] == [(24, 20), (24, 20)]


def test_a_case_without_a_partner_gives_nothing() -> None:
    assert list(compositions([case(0)], 3, np.random.default_rng(0))) == []


def test_the_same_seed_draws_the_same_partners() -> None:
    cases = [case(seed) for seed in range(6)]
    assert sources(cases, 3, seed=1) == sources(cases, 3, seed=1)
    assert sources(cases, 3, seed=1) != sources(cases, 3, seed=2)


def test_a_mask_that_shows_no_lesion_neither_lends_nor_borrows() -> None:
    nothing = case(1)
    empty = Refined(nothing.image, np.zeros_like(nothing.fine), "")
    hidden = Refined(nothing.image, np.where(nothing.fine > 0, IGNORE, 0).astype(np.uint8), "")
    assert not any(bare.has_lesion for bare in (empty, hidden))
    made = list(compositions([empty, case(0), hidden, case(2)], 4, np.random.default_rng(0)))
    assert len(made) == 8
    assert {int(colour) for image, _ in made for colour in np.unique(image[..., 0])} == {0, 2}
    assert all(labels.any() for _, labels in made)


def test_a_diagnosis_that_only_masks_without_a_lesion_show_cannot_be_composed_against() -> None:
    drawn = [case(0, "malignant"), case(2, "malignant")]
    empty = Refined(drawn[0].image, np.zeros_like(drawn[0].fine), "benign")
    remedy = r"No refined case of benign .* set the swaps per case \(--counterfactual\) to 0"
    with pytest.raises(UserError, match=remedy):
        require_lesions([*drawn, empty], ["benign", "malignant"])
    require_lesions([*drawn, case(4, "benign")], ["benign"])
    require_lesions(drawn, ["malignant", ""])
    require_lesions(drawn, [])
