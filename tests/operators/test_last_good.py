"""Which weights are kept while the retain set is watched."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_unlearn.operators.last_good import LastGood


class Scripted:
    """Gives one Dice after the other."""

    def __init__(self, *scores: float) -> None:
        self.scores = iter(scores)

    def retain_dice(self, weights: np.ndarray) -> float:
        return next(self.scores)


def watch(*scores: float) -> LastGood:
    problem: Any = Scripted(*scores)
    return LastGood(problem, np.zeros(3))


def test_weights_within_a_point_of_the_best_are_kept() -> None:
    good = watch(0.80, 0.85, 0.845, 0.835)
    for value in (1.0, 2.0):
        assert good.accept(np.full(3, value))
        np.testing.assert_array_equal(good.weights, np.full(3, value))
    assert good.dice == 0.845
    # More than a point below the best, though not below the last.
    assert not good.accept(np.full(3, 3.0))
    assert good.dice == 0.835
    np.testing.assert_array_equal(good.weights, np.full(3, 2.0))


def test_weights_that_are_not_finite_are_not_even_measured() -> None:
    good = watch(0.5)
    assert not good.accept(np.array([0.0, np.nan, 1.0]))
    assert good.dice == 0
    np.testing.assert_array_equal(good.weights, np.zeros(3))


def test_the_start_is_good_until_something_better_comes() -> None:
    good = watch(0.7)
    assert good.dice == 0.7
    np.testing.assert_array_equal(good.weights, np.zeros(3))


def test_how_far_it_may_fall_can_be_chosen() -> None:
    problem: Any = Scripted(0.8, 0.75, 0.65, 0.0)
    good = LastGood(problem, np.zeros(3), 0.1)
    assert [good.accept(np.ones(3)) for _ in range(2)] == [True, False]
    problem = Scripted(0.8, 0.0)
    assert LastGood(problem, np.zeros(3), 1.0).accept(np.ones(3))
