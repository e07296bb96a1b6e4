"""Tests of the audit on results whose mu is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.audit import audit

DELTA = 1e-5


def gaussians(mu, runs, d=6, seed=0, scale=1.0):
    """Results of a Gaussian mechanism of this mu along a random direction, from either start."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=d)
    direction *= mu / np.linalg.norm(direction)
    first, second = rng.normal(size=(2, runs, d))
    return scale * first, scale * (second + direction)


@pytest.mark.parametrize("mu", [0.0, 0.268, 1.0, 2.68])
@pytest.mark.parametrize("runs", [20, 300])
def test_a_correct_operator_is_hardly_ever_accused(mu, runs):
    trials = 300
    wrong = 0
    for seed in range(trials):
        found = audit(*gaussians(mu, runs, seed=seed), delta=DELTA, confidence=0.95)
        wrong += found.mu > mu or found.epsilon > gaussian_dp.epsilon(mu, DELTA)
    assert wrong <= 0.05 * trials


@pytest.mark.parametrize(("mu", "share"), [(1.0, 0.8), (2.68, 0.9)])
def test_many_runs_find_a_good_share_of_the_truth(mu, share):
    found = audit(*gaussians(mu, 40_000), delta=DELTA)
    assert share * mu < found.mu < mu
    assert found.epsilon < found.epsilon_of_mu < gaussian_dp.epsilon(mu, DELTA)
    assert found.epsilon_of_mu == pytest.approx(gaussian_dp.epsilon(found.mu, DELTA))


def test_a_tenth_of_the_noise_is_caught_with_few_runs():
    claimed = gaussian_dp.mu(1.0, DELTA)
    for seed in range(20):
        honest = audit(*gaussians(claimed, 300, seed=seed), delta=DELTA)
        cheat = audit(*gaussians(10 * claimed, 300, seed=seed), delta=DELTA)
        assert honest.epsilon_of_mu <= 1.0 < cheat.epsilon_of_mu
        assert honest.epsilon <= 1.0 < cheat.epsilon


def test_more_confidence_proves_less():
    samples = gaussians(2.0, 400)
    bounds = [audit(*samples, delta=DELTA, confidence=confidence).mu for confidence in (0.5, 0.9, 0.999)]
    assert bounds[0] > bounds[1] > bounds[2] > 0


def test_units_directions_and_order_of_the_starts_do_not_matter():
    first, second = gaussians(2.0, 400)
    found = audit(first, second, delta=DELTA)
    mix = np.random.default_rng(3).normal(size=(6, 6))
    for one, other in ((1e-9 * first, 1e-9 * second), (first @ mix + 7, second @ mix + 7)):
        assert audit(one, other, delta=DELTA).mu == pytest.approx(found.mu)
    assert audit(second, first, delta=DELTA).mu == pytest.approx(found.mu, rel=0.1)


def test_noise_that_is_narrow_in_one_direction_hides_nothing_there():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 300, 5)) * [1, 1, 1, 1, 1e-3]
    second[:, 4] += 0.01
    assert audit(first, second, delta=DELTA).mu > 2


def test_results_without_noise_are_told_apart_altogether():
    first, second = np.zeros((300, 3)), np.ones((300, 3))
    found = audit(first, second, delta=DELTA)
    assert found.epsilon > 2
    assert found.mu > 3
    same = audit(first, first, delta=DELTA)
    assert (same.epsilon, same.mu, same.epsilon_of_mu) == (0, 0, 0)


def test_only_results_that_did_not_choose_the_test_count():
    assert audit(*gaussians(1.0, 31), delta=DELTA).runs == 30


def test_the_bound_on_epsilon_is_that_of_the_counts():
    # All results of one kind are 0, of the other 1: every threshold between them never errs.
    n, tail = 50, 0.05 / 60
    found = audit(np.zeros((2 * n, 1)), np.ones((2 * n, 1)), delta=0.01, confidence=0.95)
    never = 1 - tail ** (1 / n)  # Clopper and Pearson, no error in n
    assert found.epsilon == pytest.approx(math.log((1 - never - 0.01) / never))


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (np.zeros((7, 2)), np.zeros((8, 2)), "at least 8 results"),
        (np.zeros(8), np.zeros((8, 1)), "at least 8 results, one a row, but it was given shape"),
        (np.zeros((8, 2)), np.zeros((8, 3)), "must have the same length, but they have 2 and 3"),
        (np.zeros((8, 2)), np.full((8, 2), np.nan), "finite"),
    ],
)
def test_samples_that_cannot_be_compared_are_refused(first, second, sentence):
    with pytest.raises(ValueError, match=sentence):
        audit(first, second, delta=DELTA)


@pytest.mark.parametrize("changed", [{"delta": 0.0}, {"delta": 1.0}, {"confidence": 1.0}])
def test_numbers_out_of_range_are_refused(changed):
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        audit(*gaussians(1.0, 20), **{"delta": DELTA, **changed})
