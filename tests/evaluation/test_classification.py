"""AUROC and what a shortcut adds to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.evaluation.classification import auroc, shortcut_gap


@pytest.mark.parametrize(
    ("scores", "area"),
    [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], 0.0), ([1, 3, 2, 4], 0.75), ([5, 5, 5, 5], 0.5), ([1, 2, 2, 3], 0.875)],
)
def test_the_area_is_the_share_of_pairs_in_order(scores: list[float], area: float) -> None:
    assert auroc(scores, [False, False, True, True]) == pytest.approx(area)


@given(
    scores=st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]), min_size=2, max_size=30),
    seed=st.integers(0, 1000),
)
def test_it_counts_pairs_and_half_of_the_ties(scores: list[float], seed: int) -> None:
    truth = np.random.default_rng(seed).integers(2, size=len(scores)).astype(bool)
    pairs = [(p > n) + 0.5 * (p == n) for p in np.array(scores)[truth] for n in np.array(scores)[~truth]]
    expected = pytest.approx(np.mean(pairs)) if pairs else None
    assert auroc(scores, truth.tolist()) == expected


@pytest.mark.parametrize(("scores", "positive"), [([], []), ([0.3], [True]), ([0.3, 0.4], [False, False])])
def test_without_both_groups_there_is_no_area(scores: list[float], positive: list[bool]) -> None:
    assert auroc(scores, positive) is None


def test_the_gap_is_aligned_minus_conflicting() -> None:
    assert shortcut_gap({"test_conflicting": 0.4, "val": 0.1, "test_aligned": 0.9}) == pytest.approx(0.5)
    assert shortcut_gap({"Aligned": 0.9, "Conflicting": 0.9}) == 0.0


@pytest.mark.parametrize(
    "aurocs",
    [{}, {"test_aligned": 0.9}, {"test_conflicting": 0.9}, {"test_aligned": 0.9, "test_conflicting": None}],
)
def test_without_both_splits_there_is_no_gap(aurocs: dict[str, float | None]) -> None:
    assert shortcut_gap(aurocs) is None
