"""Images with something around the lesion changed, and what the scores say."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.counterfactual_shift import fitted
from napari_unlearn.evaluation.counterfactuals import Counterfactuals, changed_images, sample_cases
from napari_unlearn.evaluation.leakage import SPURIOUS

NAN = np.nan


def test_artefacts_are_removed_where_they_are_and_added_where_they_are_not(sample: Dataset) -> None:
    cases = sample.split("test_aligned")[:8]
    marked = [bool((case.artefacts() & np.uint8(SPURIOUS)).any()) for case in cases]
    assert {True, False} == set(marked)
    found = list(changed_images(cases, marked, np.arange(8), 0))
    assert [each.place for each in found] == list(range(8))
    for each, has, case in zip(found, marked, cases, strict=True):
        image, lesion = case.image(), case.fine() > 0
        changed = each.removed if has else each.added
        assert (each.added is None, each.removed is None) == (has, not has)
        assert changed is not None
        assert each.alone is not None
        assert (changed != image).any()
        for picture in (changed, each.alone):
            np.testing.assert_array_equal(picture[lesion], image[lesion])


def test_both_models_get_the_same_images(sample: Dataset) -> None:
    cases = sample.split("test_aligned")[:6]
    marked = [True, True, False, False, False, False]
    one, other = (list(changed_images(cases, marked, np.array([2, 4]), 5)) for _ in range(2))
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first.added, second.added)


def test_without_a_map_no_artefact_is_added_or_removed(sample: Dataset) -> None:
    (only,) = changed_images(sample.split("test_aligned")[:1], [None], np.array([0]), 0)
    assert (only.added, only.removed) == (None, None)
    assert only.alone is not None


def test_an_artefact_comes_to_the_shape_of_the_image() -> None:
    donor, artefact = np.zeros((20, 30, 3), np.uint8), np.zeros((20, 30), bool)
    donor[:, 15:], artefact[:, 15:] = 200, True
    image, mask = fitted(donor, artefact, (40, 80))
    assert image.shape == (40, 80, 3)
    np.testing.assert_array_equal(mask, np.broadcast_to(np.arange(80) >= 40, (40, 80)))
    assert image[:, 50:].min() > 190
    assert fitted(donor, artefact, (20, 30))[0] is donor


def test_shifts_are_with_the_artefact_minus_without_it() -> None:
    scores = Counterfactuals(
        np.arange(3),
        np.array([0.6, 0.3, 0.5]),
        np.array([NAN, 0.5, NAN]),
        np.array([0.2, NAN, NAN]),
        np.array([0.5, 0.5, 0.5]),
        np.array([True, False, False]),
    )
    np.testing.assert_allclose(scores.shifts, [0.4, 0.2, NAN])
    numbers = scores.to_json(50, 0)
    assert numbers["artefact_added"]["value"] == pytest.approx(0.2)
    assert numbers["artefact_added"]["cases"] == 1
    assert numbers["artefact_removed"]["value"] == pytest.approx(-0.4)
    assert numbers["context_removed"]["value"] == pytest.approx((-0.1 + 0.2 + 0) / 3)
    assert numbers["context_removed_absolute"]["value"] == pytest.approx(0.1)
    assert (numbers["auroc_with_context"]["value"], numbers["auroc_without_context"]["value"]) == (1, 0.5)
    assert numbers["auroc_change"]["value"] == -0.5


def test_where_nothing_was_changed_nothing_is_said() -> None:
    nothing = np.full(2, NAN)
    scores = Counterfactuals(np.arange(2), np.array([0.1, 0.2]), nothing, nothing, nothing, None)
    assert set(scores.to_json(10, 0).values()) == {None}


def test_a_sample_is_in_order_without_repeats_and_the_same_each_time() -> None:
    chosen = sample_cases(1000, 50, 3)
    assert len(np.unique(chosen)) == 50
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, sample_cases(1000, 50, 3))
    np.testing.assert_array_equal(sample_cases(4, 50, 3), np.arange(4))
