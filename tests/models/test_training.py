"""Fitting a head on the masks of a data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.head import PixelHead
from napari_unlearn.models.training import FitStep, HeadRecipe, default_size, fit_head, pixels_a_case

RECIPE = HeadRecipe(pixels=40)


@pytest.fixture(scope="module")
def cache(encoder: Encoder) -> FeatureCache:
    return FeatureCache(encoder)


def fit(
    cases: Sequence[Case], cache: FeatureCache, masks: str = "coarse", recipe: HeadRecipe = RECIPE, seed: int = 0
) -> tuple[list[FitStep], PixelHead]:
    *steps, head = fit_head(cases, masks, cache, 64, 3, recipe, seed)
    assert isinstance(head, PixelHead)
    assert all(isinstance(step, FitStep) for step in steps)
    return steps, head  # type: ignore[return-value]


def test_the_fit_tells_how_far_it_is_and_ends_with_a_head(sample: Dataset, cache: FeatureCache) -> None:
    steps, head = fit(sample.split("train"), cache)
    assert head.weights.shape == (3, sum(cache.encoder.channels) + 1)
    assert head.channels == cache.encoder.channels
    assert [step.done for step in steps] == list(range(len(steps)))
    assert steps[-1].done <= steps[-1].total
    losses = [step.loss for step in steps if step.loss is not None]
    assert losses[0] == pytest.approx(np.log(3))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.5 * losses[0]


def test_the_same_seed_gives_the_same_head(sample: Dataset, cache: FeatureCache) -> None:
    cases = sample.split("train")
    np.testing.assert_array_equal(fit(cases, cache)[1].weights, fit(cases, cache)[1].weights)
    assert not np.array_equal(fit(cases, cache)[1].weights, fit(cases, cache, seed=1)[1].weights)


def test_fine_masks_teach_something_else_and_only_where_they_are(sample: Dataset, cache: FeatureCache) -> None:
    cases = sample.split("train")
    refined = [case for case in cases if case.is_refined]
    assert 0 < len(refined) < len(cases)
    fine = fit(cases, cache, "fine")[1].weights
    np.testing.assert_array_equal(fine, fit(refined, cache, "fine")[1].weights)
    assert not np.array_equal(fine, fit(refined, cache, "coarse")[1].weights)


def test_no_mask_has_a_say_in_the_standardiser(sample: Dataset, cache: FeatureCache) -> None:
    cases = sample.refined("train")
    swapped = [dataclasses.replace(case, coarse_path=case.fine_path) for case in cases]
    one, other = fit(cases, cache)[1], fit(swapped, cache)[1]
    assert not np.array_equal(one.weights, other.weights)
    np.testing.assert_array_equal(one.standardiser.mean, other.standardiser.mean)
    np.testing.assert_array_equal(one.standardiser.std, other.standardiser.std)


def test_training_on_masks_that_nobody_has_is_refused(sample: Dataset, cache: FeatureCache) -> None:
    bare = [dataclasses.replace(case, fine_path=None) for case in sample.split("train")]
    with pytest.raises(UserError, match="No training case has a fine mask; add some or"):
        fit(bare, cache, "fine")


def test_the_default_size_follows_the_images(sample: Dataset) -> None:
    assert default_size(sample.cases[0]) == 64


@pytest.mark.parametrize(("cases", "pixels"), [(1, 200), (2500, 200), (10_000, 50), (10_000_000, 1)])
def test_so_many_pixels_of_each_case_that_all_together_stay_bounded(cases: int, pixels: int) -> None:
    assert pixels_a_case(200, cases) == pixels
