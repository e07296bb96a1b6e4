"""Synthetic grounds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_unlearn.benchmark.ground import Ground
from napari_unlearn.benchmark.synthetic import SyntheticSource
from napari_unlearn.data.dataset import Dataset


def test_a_ground_holds_the_cases_that_sample_writes(ground: Ground, sample: Dataset) -> None:
    held = {
        case.id: case for case in (*ground.masked("box", 0.5), *ground.tests["aligned"], *ground.tests["conflicting"])
    }
    assert held.keys() == {case.id for case in sample.cases}
    assert (ground.classes, ground.positive) == (sample.classes, sample.positive)
    for case in sample.cases:
        mine = held[case.id]
        assert (mine.split, mine.diagnosis, mine.is_refined) == (case.split, case.diagnosis, case.is_refined)
        np.testing.assert_array_equal(mine.image(), case.image())
        np.testing.assert_array_equal(mine.artefacts(), case.artefacts())
        if case.is_refined:
            np.testing.assert_array_equal(mine.fine(), case.fine())
        if case.split == "train":
            np.testing.assert_array_equal(mine.coarse(), case.coarse())


def test_the_oracle_learns_from_cases_without_the_shortcut(ground: Ground) -> None:
    assert [case.id for case in ground.unbiased] == [case.id for case in ground.train]
    assert agreement(ground.train) > 0.9
    assert agreement(ground.unbiased) == pytest.approx(0.5)


def agreement(cases: object) -> float:
    """Share of cases in which a shortcut and malignancy go together."""
    return float(
        np.mean([bool((case.flags & ~np.uint8(16)).any()) == (case.diagnosis == "malignant") for case in cases])  # type: ignore[attr-defined]
    )


def test_with_two_classes_a_benign_lesion_is_background() -> None:
    two = SyntheticSource(4, 64).ground(2, 1.0, 0)
    assert two.classes == ("background", "malignant")
    assert {case.diagnosis: int(case.lesion.max()) for case in two.train} == {"benign": 0, "malignant": 1}


def test_a_larger_share_of_refined_cases_takes_in_a_smaller_one(ground: Ground) -> None:
    shares = [ground.refine(fine) for fine in (0.01, 0.25, 0.5, 1.0)]
    assert [len(share) for share in shares] == [2, 4, 6, 12]
    assert all(small <= large for small, large in itertools.pairwise(shares))
