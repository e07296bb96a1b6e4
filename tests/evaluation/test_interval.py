"""A mean over cases with its interval."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.evaluation.interval import Measured, mean_over_cases


def test_the_interval_of_a_mean_is_the_known_one() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.1, 400)
    found = mean_over_cases(values, (0, 1), 4000, 0)
    assert found is not None
    half = 1.96 * values.std(ddof=1) / 20
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=half / 8)
    assert (found.value, found.cases) == (values.mean(), 400)


def test_intervals_hold_the_true_mean_as_often_as_they_say() -> None:
    rng, held = np.random.default_rng(1), []
    for seed in range(400):
        found = mean_over_cases(rng.beta(8, 2, 60), (0, 1), 400, seed)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= 0.8 <= found.high)
    assert 0.92 <= np.mean(held) <= 0.98


def test_an_interval_ends_where_a_mean_can_lie() -> None:
    values = np.array([1.0] * 9 + [0.0])
    found = mean_over_cases(values, (0, 1), 500, 0)
    assert found is not None
    assert found.high is not None
    assert found.high <= 1
    same = mean_over_cases(np.ones(5), (0, 1), 50, 0)
    assert same == Measured(1.0, 1.0, 1.0, 5)


def test_one_case_has_no_interval_and_none_has_no_mean() -> None:
    one = mean_over_cases(np.array([0.3]), (0, 1), 10, 0)
    assert one == Measured(0.3, None, None, 1)
    assert one.written() == ""
    assert mean_over_cases(np.zeros(0), (0, 1), 10, 0) is None


def test_an_interval_is_written_for_a_table() -> None:
    assert Measured(0.5, 0.25, 0.75, 9).written() == "0.250 to 0.750"
    assert Measured(0.5, -0.25, 0.75, 9).written(2, sign=True) == "-0.25 to +0.75"
