"""Areas under the curve with intervals, against pairs counted one by one and against repeated sampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from napari_unlearn.evaluation.classification import auroc
from napari_unlearn.evaluation.delong import Placements, independent_difference, placements, score_interval


def kernel(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Every pair of a positive and a negative case: 1 where it is in order, half for a tie."""
    difference = scores[positive][:, None] - scores[~positive]
    return (difference > 0) + 0.5 * (difference == 0)


def covariance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Equations 5 to 8 of DeLong et al., pair by pair."""
    (m, n), total = first.shape, 0.0
    for one, other, size in ((first.mean(1), second.mean(1), m), (first.mean(0), second.mean(0), n)):
        total += sum((a - first.mean()) * (b - second.mean()) for a, b in zip(one, other, strict=True)) / (
            (size - 1) * size
        )
    return total


def known(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> Placements:
    found = placements(list(scores), list(positive))
    assert found is not None
    return found


@given(seed=st.integers(0, 500), ties=st.booleans())
def test_area_and_variance_are_those_of_all_pairs(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.permutation(np.arange(17) < rng.integers(2, 15))
    scores = rng.integers(0, 5, 17).astype(float) if ties else rng.random(17)
    found, pairs = known(scores, positive), kernel(scores, positive)
    assert found.value == pytest.approx(pairs.mean()) == pytest.approx(auroc(list(scores), list(positive)))
    assert found.variance == pytest.approx(covariance(pairs, pairs), abs=1e-12)


@given(seed=st.integers(0, 500))
def test_the_difference_of_two_models_takes_their_covariance_off(seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive = np.arange(20) < 8
    first = rng.random(20) + positive
    second = first + rng.normal(0, 0.3, 20)
    difference = known(first, positive) - known(second, positive)
    one, other = kernel(first, positive), kernel(second, positive)
    expected = covariance(one, one) + covariance(other, other) - 2 * covariance(one, other)
    assert difference.value == pytest.approx(one.mean() - other.mean())
    assert difference.variance == pytest.approx(expected, abs=1e-12)


def test_a_small_example_by_hand() -> None:
    # Positives 3 and 1, negatives 2 and 0: pairs in order are 3>2, 3>0, 1>0. Placements 1, 1/2 and 1/2, 1.
    found = known(np.array([3.0, 1, 2, 0]), np.array([True, True, False, False]))
    assert found.value == 0.75
    assert found.variance == pytest.approx(0.125 / 2 + 0.125 / 2)


def test_intervals_hold_the_true_area_as_often_as_they_say() -> None:
    """Normal scores one standard deviation apart: the area is Phi(1 / sqrt 2)."""
    truth, rng, held = norm.cdf(1 / 2**0.5), np.random.default_rng(0), []
    positive = np.arange(70) < 30
    for _ in range(1000):
        interval = known(rng.normal(size=70) + positive, positive).measured()
        assert interval.low is not None
        assert interval.high is not None
        held.append(interval.low <= truth <= interval.high)
    assert 0.93 <= np.mean(held) <= 0.97


def test_intervals_hold_the_true_difference_as_often_as_they_say() -> None:
    rng, paired, separate = np.random.default_rng(1), [], []
    positive = np.arange(80) < 40
    truth = norm.cdf(1.2 / 2**0.5) - norm.cdf(0.6 / 2**0.5)
    for _ in range(500):
        common = rng.normal(size=80)
        first = 0.8 * common + 0.6 * rng.normal(size=80) + 1.2 * positive
        second = 0.8 * common + 0.6 * rng.normal(size=80) + 0.6 * positive
        elsewhere = rng.normal(size=80) + 0.6 * positive
        both = (known(first, positive) - known(second, positive)).measured()
        apart = independent_difference(known(first, positive), known(elsewhere, positive))
        for kept, interval in ((paired, both), (separate, apart)):
            assert interval.low is not None
            assert interval.high is not None
            kept.append((interval.low <= truth <= interval.high, interval.high - interval.low))
    assert 0.93 <= np.mean([held for held, _ in paired]) <= 0.97
    assert 0.93 <= np.mean([held for held, _ in separate]) <= 0.97
    assert np.mean([width for _, width in paired]) < 0.75 * np.mean([width for _, width in separate])


def test_a_model_without_error_is_not_said_to_be_certain() -> None:
    positive = np.arange(20) < 10
    best = known(positive.astype(float), positive).measured()
    worst = known(1.0 - positive, positive).measured()
    assert (best.value, best.high) == (1, 1)
    assert (worst.value, worst.low) == (0, 0)
    assert best.low is not None
    assert 0.6 < best.low < 0.95
    assert worst.high == pytest.approx(1 - best.low)


def test_the_score_interval_solves_its_equation() -> None:
    # At the ends the measured area is 1.96 standard errors away, by Hanley and McNeil's variance of the end itself.
    low, high = score_interval(0.8, 12, 20)
    for end in (low, high):
        q1, q2 = end / (2 - end), 2 * end**2 / (1 + end)
        variance = (end * (1 - end) + 15 * (q1 - end**2) + 15 * (q2 - end**2)) / 240
        assert abs(end - 0.8) == pytest.approx(1.959964 * variance**0.5, rel=1e-5)
    assert low < 0.8 < high


def test_scores_that_are_all_alike_are_a_coin_toss_with_an_interval() -> None:
    interval = known(np.ones(30), np.arange(30) < 15).measured()
    assert interval.value == 0.5
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low < 0.35
    assert interval.high > 0.65


def test_one_case_of_a_kind_gives_a_number_without_an_interval() -> None:
    positive = np.arange(5) < 1
    alone = known(np.arange(5.0), positive)
    assert alone.measured().low is None
    other = known(np.arange(6.0), np.arange(6) < 3)
    assert independent_difference(other, alone).low is None
    assert placements([1.0, 2.0], [True, True]) is None


def test_a_model_does_not_differ_from_itself() -> None:
    found = known(np.random.default_rng(0).random(30), np.arange(30) < 15)
    same = (found - found).measured()
    assert (same.value, same.low, same.high) == (0, 0, 0)
