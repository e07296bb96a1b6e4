"""Tests of intervals from replicates."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_unlearn.leakage.resampled import FEW_SHUFFLES, Resampled, check_interval

NONE = np.zeros(0)


def _mean_of(values, resamples=4000, seed=0):
    """The mean of some images, without shuffles."""
    rng = np.random.default_rng(seed)
    places = rng.integers(0, values.size, (resamples, values.size))
    weights = np.stack([np.bincount(row, minlength=values.size) for row in places]).astype(np.float32)
    without = (values.sum() - values) / (values.size - 1)
    nobody = np.zeros((0, values.size))
    return Resampled(values.mean(), values[places].mean(axis=1), without, values.mean(), without, NONE, nobody, weights)


@pytest.mark.parametrize("kind", ["studentised", "basic", "bca"])
def test_the_interval_of_a_mean_is_the_known_one(kind):
    values = np.random.default_rng(2).normal(3, 1, 200)
    low, high = _mean_of(values).interval(kind)
    half = 1.96 * values.std(ddof=1) / 200**0.5
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=half / 8)


def test_bca_leans_towards_the_long_tail_and_basic_away_from_it():
    values = np.random.default_rng(0).exponential(1, 40)
    mean = _mean_of(values)
    (basic_low, basic_high), (low, high) = mean.interval("basic"), mean.interval("bca")
    assert high - mean.estimate > mean.estimate - low
    assert basic_high - mean.estimate < mean.estimate - basic_low


def test_a_studentised_interval_holds_the_mean_of_a_skew_distribution_more_often_than_a_basic_one():
    rng = np.random.default_rng(0)
    means = [_mean_of(rng.exponential(1, 40), resamples=400, seed=seed) for seed in range(400)]
    held = {
        kind: np.mean([low <= 1 <= high for low, high in (mean.interval(kind) for mean in means)])
        for kind in ("studentised", "basic")
    }
    assert held["studentised"] > 0.92
    assert held["basic"] < held["studentised"] - 0.01


def test_a_studentised_interval_needs_the_draws():
    mean = dataclasses.replace(_mean_of(np.arange(9.0)), weights=None)
    with pytest.raises(ValueError, match="how often each image was drawn"):
        mean.interval("studentised")


def test_a_bias_of_the_draws_does_not_move_the_interval():
    values = np.random.default_rng(1).normal(size=60)
    mean = _mean_of(values)
    shifted = Resampled(mean.estimate, mean.drawn + 7, *list(vars(mean).values())[2:])
    assert shifted.interval() == pytest.approx(mean.interval())


def test_what_the_jackknife_finds_in_chance_is_taken_off():
    without = np.array([0.0, 2.0])  # jackknife variance 2 · 1 / 2 = 1
    shuffles = FEW_SHUFFLES + 4
    chance = np.tile([-0.5, 0.5], shuffles // 2)  # variance 0.25
    chance_without = np.tile([0.0, 2 * 0.5**0.5], (shuffles, 1))  # jackknife variance 0.5
    number = Resampled(0.0, NONE, 2 * without, 0.0, without, chance, chance_without)
    assert number.variance() == pytest.approx(4 * (1 - 0.5 + 0.25))
    few = Resampled(0.0, NONE, 2 * without, 0.0, without, chance[:4], chance_without[:4])
    assert few.variance() == pytest.approx(4)


def test_the_variance_is_never_less_than_that_of_chance():
    without = np.array([0.0, 2.0])
    chance, chance_without = np.tile([-0.5, 0.5], 20), np.tile([0.0, 4.0], (40, 1))
    number = Resampled(0.0, NONE, without, 0.0, without, chance, chance_without)
    assert number.variance() == pytest.approx(0.25)


def test_what_is_no_more_than_the_scatter_of_the_jackknife_does_not_count():
    without = np.array([0.0, 2.0])  # jackknife variance 1
    chance = np.tile([-0.5, 0.5], 20)  # variance 0.25
    for scatter, expected in ((0.01, 0.25 + 0.5), (0.4, 0.25)):
        found = 0.5 + scatter * np.tile([-1, 1], 20)  # jackknife variances of shuffles: 0.5 and how they scatter
        chance_without = np.stack([np.zeros(40), 2 * found**0.5], axis=1)
        number = Resampled(0.0, NONE, without, 0.0, without, chance, chance_without)
        assert number.variance() == pytest.approx(expected)


def _square_of(mean, images=400, seed=0):
    """The square of a mean, less what chance adds: its variance grows with it, as that of information does."""
    rng = np.random.default_rng(seed)

    def replicates(values):
        without = (values.sum() - values) / (images - 1)
        return values.mean() ** 2 - 1 / images, without**2

    values = rng.normal(mean, 1, images)
    weights = rng.multinomial(images, np.full(images, 1 / images), size=999).astype(np.float32)
    estimate, without = replicates(values)
    chance, chance_without = zip(*(replicates(rng.normal(0, 1, images)) for _ in range(40)), strict=True)
    shuffled = (np.array(chance), np.array(chance_without))
    return Resampled(estimate, weights @ values / images, without, estimate, without, *shuffled, weights)


def test_the_variance_grows_with_a_square_by_four_times_that_of_its_root():
    numbers = [_square_of(0.5, seed=seed) for seed in range(40)]
    assert np.mean([number.growth_with_number() for number in numbers]) == pytest.approx(4 / 400, rel=0.05)
    assert _square_of(0.0).growth_with_number() == 0


def test_the_interval_of_a_square_is_that_of_its_root_squared():
    numbers = [_square_of(0.5, seed=seed) for seed in range(40)]
    roots = np.sqrt([number.estimate for number in numbers])
    low, high = np.sqrt([number.interval("studentised") for number in numbers]).T
    assert (roots - low).mean() == pytest.approx(1.96 / 20, rel=0.04)
    assert (high - roots).mean() == pytest.approx(1.96 / 20, rel=0.04)
    low, high = np.sqrt([dataclasses.replace(n, growth=0.0).interval("studentised") for n in numbers]).T
    assert (roots - low).mean() > (high - roots).mean() + 0.01


def test_an_interval_ends_where_the_variance_would_be_nothing():
    number = _square_of(0.5)
    spread = number.variance() ** 0.5
    for growth in (100 * spread, -100 * spread):
        low, high = dataclasses.replace(number, growth=growth).interval("studentised")
        end = number.estimate - spread**2 / growth
        assert (low if growth > 0 else high) == pytest.approx(end)


def test_of_two_squares_the_growth_of_each_counts_as_far_as_it_moves_the_difference():
    one, other = _square_of(0.8, seed=1), _square_of(0.4, seed=2)
    nothing = one - one
    assert (one - nothing).growth_with_number() == pytest.approx(one.growth_with_number())
    assert (nothing - one).growth_with_number() == pytest.approx(-one.growth_with_number())
    moved = [np.corrcoef(of.without, one.without - other.without)[0, 1] ** 2 for of in (one, other)]
    expected = moved[0] * one.growth_with_number() - moved[1] * other.growth_with_number()
    assert (one - other).growth_with_number() == pytest.approx(expected)


def test_a_number_minus_itself_is_certain():
    mean = _mean_of(np.random.default_rng(0).normal(size=30))
    nothing = mean - mean
    assert (nothing.estimate, *nothing.interval(), *nothing.interval("bca")) == (0, 0, 0, 0, 0)
    assert nothing.interval("studentised") == (0, 0)


def test_what_two_numbers_share_drops_out_of_their_difference():
    rng = np.random.default_rng(3)
    hard, own = rng.normal(0, 5, 100), rng.normal(1, 0.1, 100)
    low, high = (_mean_of(hard + own) - _mean_of(hard)).interval()
    assert low < own.mean() < high
    assert high - low < 0.1


def test_an_unknown_interval_is_refused():
    with pytest.raises(ValueError, match="studentised, basic, bca, but it is 'percentile'"):
        check_interval("percentile")
