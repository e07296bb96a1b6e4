"""Which weights are kept while the retain set is watched, and how a collapse is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.collapse import LARGEST_GROWTH, CollapseWatch
from napari_unlearn.operators.head_problem import HeadProblem

NAMES = ("background", "benign", "malignant")


class Scripted:
    """Gives one Dice after the other; shows no pixel."""

    classes = 3
    retain: tuple[()] = ()

    def __init__(self, *scores: float) -> None:
        self.scores = iter(scores)

    def retain_dice(self, weights: np.ndarray) -> float:
        return next(self.scores)


def watch(*scores: float) -> CollapseWatch:
    problem: Any = Scripted(*scores)
    return CollapseWatch(problem, np.zeros(3))


def test_weights_within_a_point_of_the_best_are_kept() -> None:
    good = watch(0.80, 0.85, 0.845, 0.835)
    for value in (1.0, 2.0):
        assert good.accept(np.full(3, value))
        np.testing.assert_array_equal(good.weights, np.full(3, value))
    assert (good.dice, good.cause) == (0.845, None)
    # More than a point below the best, though not below the last.
    assert not good.accept(np.full(3, 3.0))
    assert (good.dice, good.cause) == (0.835, "Dice on what is kept fell from 0.85 to 0.83")
    np.testing.assert_array_equal(good.weights, np.full(3, 2.0))


def test_weights_that_are_not_finite_are_not_even_measured() -> None:
    good = watch(0.5)
    assert not good.accept(np.array([0.0, np.nan, 1.0]))
    assert (good.dice, good.cause) == (0, "its weights are no longer finite numbers")
    np.testing.assert_array_equal(good.weights, np.zeros(3))


def test_the_start_is_good_until_something_better_comes() -> None:
    good = watch(0.7)
    assert good.dice == 0.7
    np.testing.assert_array_equal(good.weights, np.zeros(3))


def test_how_far_it_may_fall_can_be_chosen() -> None:
    problem: Any = Scripted(0.8, 0.75, 0.65, 0.0)
    good = CollapseWatch(problem, np.zeros(3), 0.1)
    assert [good.accept(np.ones(3)) for _ in range(2)] == [True, False]
    problem = Scripted(0.8, 0.0)
    assert CollapseWatch(problem, np.zeros(3), 1.0).accept(np.ones(3))


@pytest.fixture
def one_hot() -> HeadProblem:
    """A problem in which each class has a feature of its own, so that the identity is always right."""
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    features = np.hstack([np.eye(3)[labels], np.ones((100, 1))]).astype(np.float32)
    pixels = PixelSet(features, labels, np.ones(100))
    return HeadProblem(pixels, pixels, np.hstack([np.eye(3), np.zeros((3, 1))]), 3, 1e-3)


def shifted(problem: HeadProblem, *bias: float) -> np.ndarray:
    weights = problem.original.copy()
    weights[:, -1] += bias
    return weights


def test_one_kind_of_lesion_that_eats_the_other_is_seen_though_dice_is_perfect(one_hot: HeadProblem) -> None:
    good = CollapseWatch(one_hot, one_hot.original, names=NAMES)
    eaten = one_hot.original.copy()
    eaten[2] = eaten[1] + [0, 0, 2, 0]
    eaten[1] = eaten[2] + 1e-3
    assert one_hot.retain_dice(eaten) == 1
    assert not good.accept(eaten)
    assert good.cause == "of what is kept it finds malignant on 0% of its area"


def test_a_class_that_swallows_all_others_is_named(one_hot: HeadProblem) -> None:
    for bias, name in (((2, 0, 0), "background"), ((0, 0, 2), "malignant")):
        good = CollapseWatch(one_hot, one_hot.original, names=NAMES)
        assert not good.accept(shifted(one_hot, *bias))
        assert good.cause is not None
        assert good.cause.startswith(f"it calls nearly everything {name} and Dice")
        np.testing.assert_array_equal(good.weights, one_hot.original)


def test_scores_that_run_away_are_named_even_while_every_pixel_is_right(one_hot: HeadProblem) -> None:
    # Scores are usual up to 10, so it is that which may grow.
    limit = 10 * LARGEST_GROWTH
    good = CollapseWatch(one_hot, one_hot.original)
    assert good.accept(0.99 * limit * one_hot.original)
    assert not good.accept(1.01 * limit * one_hot.original)
    assert good.cause == "its largest class score ran away to 1.01e+03"


def test_weights_that_learn_from_nothing_are_no_collapse_but_what_they_learned_may_not_be_lost(
    one_hot: HeadProblem,
) -> None:
    # Zero weights call everything background.
    good = CollapseWatch(one_hot, one_hot.public)
    for bias in ((2, 0, 0), (0, 0, -2), (0, 0, 0)):
        assert good.accept(shifted(one_hot, *bias))
    assert not good.accept(shifted(one_hot, 0, 0, -2))
    assert good.cause is not None
    assert "finds class 2 on 0% of its area" in good.cause


def test_a_class_with_too_few_pixels_and_pixels_without_a_label_are_not_judged(one_hot: HeadProblem) -> None:
    class Few:
        """Draws the same pixels always: the last class on 19 of them, and others without a label."""

        def __len__(self) -> int:
            return 100

        def draw(self, pixels: int, rng: np.random.Generator) -> Any:
            import torch

            labels = torch.tensor([0] * 40 + [1] * 40 + [2] * 4 + [IGNORE] * 40)
            shown = labels.where(labels != IGNORE, 2)
            return torch.hstack([torch.eye(3)[shown], torch.ones(len(labels), 1)]), labels

    class Shy:
        """The same problem, but shows little."""

        classes, retain = 3, Few()
        scores, retain_dice = one_hot.scores, one_hot.retain_dice

    problem: Any = Shy()
    good = CollapseWatch(problem, one_hot.original, 0.9)
    # Sixteen pixels of the last class in four draws: too few to miss.
    assert good.accept(shifted(one_hot, 0, 0, -2))
    assert not good.accept(shifted(one_hot, 0, -2, 0))


def test_pictures_are_watched_like_pixels(pictures: Any) -> None:
    right, drowned = pictures.original.copy(), pictures.original.copy()
    # Brightness says class 1, darkness class 2: the centre of each kernel.
    for k, sign in ((1, 4.0), (2, -4.0)):
        right[k * 27 + np.arange(3) * 9 + 4] += sign
    right[-3:] = 0.8, 0, 0
    drowned[-3:] = 50, 0, 0
    good = CollapseWatch(pictures, right, 0.9, NAMES)
    assert good.dice > 0.4
    assert good.accept(right)
    assert not good.accept(drowned)
    assert good.cause == "it calls nearly everything background and Dice on what is kept fell from 0.43 to 0.00"
