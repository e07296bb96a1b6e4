"""The draw of pixels, and what it may look at."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from napari_unlearn.models.head import Standardiser, read_pixels
from napari_unlearn.models.pixel_sampling import (
    IGNORE,
    NEAR,
    DrawnPixels,
    draw_pixels,
    fit_standardiser,
    pooled,
    standardised,
)

SHAPE = (32, 64)


def mask(seed: int = 0) -> NDArray[np.uint8]:
    """A lesion of two classes on background."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[8:20, 10:40] = 1
    labels[12:16, 20 + seed % 10 : 36] = 2
    return labels


def draw(levels: list[Tensor], labels: NDArray[np.uint8], count: int = 100, seed: int = 0) -> DrawnPixels:
    return draw_pixels(levels, labels, count, np.random.default_rng(seed))


def equal(a: DrawnPixels, b: DrawnPixels) -> bool:
    pairs = ((a.features, b.features), (a.labels, b.labels), (a.weights, b.weights))
    return all(np.array_equal(x, y) for x, y in pairs)


def test_pixels_carry_their_own_features_and_labels(levels: list[Tensor]) -> None:
    drawn = draw(levels, mask())
    rows, columns = np.divmod(np.arange(SHAPE[0] * SHAPE[1]), SHAPE[1])
    everything = read_pixels(levels, rows, columns)
    flat = mask().ravel()
    for features, label in zip(drawn.features, drawn.labels, strict=True):
        (place,) = np.flatnonzero((np.abs(everything - features) < 1e-6).all(axis=1))
        assert flat[place] == label


@given(count=st.integers(16, 400), seed=st.integers(0, 50))
def test_the_weights_of_a_case_sum_to_one(levels: list[Tensor], count: int, seed: int) -> None:
    drawn = draw(levels, mask(), count, seed)
    assert len(drawn.labels) <= count
    assert drawn.weights.sum() == pytest.approx(1)
    assert drawn.weights[drawn.labels > 0].sum() == pytest.approx((mask() > 0).mean())
    assert (drawn.weights > 0).all()


def test_half_of_the_pixels_come_from_the_lesion(levels: list[Tensor]) -> None:
    drawn = draw(levels, mask(), 100)
    assert ((drawn.labels > 0).sum(), (drawn.labels == 0).sum()) == (50, 50)


def test_a_small_lesion_is_taken_whole_and_once(levels: list[Tensor]) -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[0, :5] = 1
    drawn = draw(levels, labels, 100)
    assert (drawn.labels == 1).sum() == 5
    np.testing.assert_allclose(drawn.weights[drawn.labels == 1], 1 / labels.size)


def test_a_case_without_a_lesion_gives_background(levels: list[Tensor]) -> None:
    drawn = draw(levels, np.zeros(SHAPE, np.uint8), 100)
    assert len(drawn.labels) == 100
    assert not drawn.labels.any()


@given(seed=st.integers(0, 50))
def test_a_withheld_label_is_never_drawn(levels: list[Tensor], seed: int) -> None:
    labels = mask()
    labels[:, 25:] = IGNORE
    drawn = draw(levels, labels, 300, seed)
    assert set(drawn.labels) == {0, 1, 2}
    assert drawn.weights.sum() == pytest.approx((labels != IGNORE).mean())


@given(seed=st.integers(0, 50), hidden=st.integers(0, 254))
def test_what_is_withheld_changes_nothing(levels: list[Tensor], seed: int, hidden: int) -> None:
    withheld = np.zeros(SHAPE, bool)
    withheld[5:25, 30:] = True
    one, other = mask(), mask()
    other[withheld] = hidden
    one[withheld] = other[withheld] = IGNORE
    assert equal(draw(levels, one, 120, seed), draw(levels, other, 120, seed))


def test_a_case_that_is_withheld_altogether_gives_nothing(levels: list[Tensor]) -> None:
    drawn = draw(levels, np.full(SHAPE, IGNORE, np.uint8))
    assert drawn.features.shape == (0, sum(len(level) for level in levels))
    assert len(drawn.labels) == len(drawn.weights) == 0


def test_the_same_seed_draws_the_same_pixels(levels: list[Tensor]) -> None:
    assert equal(draw(levels, mask(), seed=4), draw(levels, mask(), seed=4))
    assert not equal(draw(levels, mask(), seed=4), draw(levels, mask(), seed=5))


def test_pooling_standardises_and_holds_no_part_twice(levels: list[Tensor]) -> None:
    parts = [draw(levels, mask(), 20, seed) for seed in range(3)]
    width = parts[0].features.shape[1]
    standardiser = Standardiser(np.linspace(-1, 1, width), np.full(width, 2.0))
    expected = [standardised(part, standardiser, 3.0) for part in parts]
    made = pooled(parts, standardiser, 3.0)
    for attribute in ("features", "labels", "weights"):
        one_after_another = np.concatenate([getattr(part, attribute) for part in expected])
        np.testing.assert_array_equal(getattr(made, attribute), one_after_another)
    assert parts == []


def test_a_case_that_another_process_reads_is_drawn_alike_and_has_no_features(levels: list[Tensor]) -> None:
    here, elsewhere = (draw_pixels(given, mask(), 30, np.random.default_rng(0)) for given in (levels, None))
    np.testing.assert_array_equal(here.labels, elsewhere.labels)
    np.testing.assert_array_equal(here.weights, elsewhere.weights)
    assert elsewhere.features.shape == (len(here.labels), 0)
    width = here.features.shape[1]
    assert not pooled([elsewhere], Standardiser(np.ones(width), np.ones(width))).features.any()


def test_standardised_pixels_keep_labels_and_weigh_background_near_the_lesion(levels: list[Tensor]) -> None:
    drawn = draw(levels, mask())
    width = drawn.features.shape[1]
    pixels = standardised(drawn, Standardiser(np.ones(width), np.full(width, 2.0)), near_weight=3.0)
    np.testing.assert_allclose(pixels.features[:, :-1], (drawn.features - 1) / 2, rtol=1e-5)
    np.testing.assert_array_equal(pixels.features[:, -1], 1)
    np.testing.assert_array_equal(pixels.labels, drawn.labels)
    np.testing.assert_allclose(pixels.weights, drawn.weights * np.where(drawn.near, 3, 1))


def test_the_standardiser_knows_the_images_mean_and_spread(levels: list[Tensor]) -> None:
    fitted = fit_standardiser(iter([levels, levels]), SHAPE[0] * SHAPE[1], np.random.default_rng(0))
    colours = levels[0].double().flatten(1)
    np.testing.assert_allclose(fitted.mean[:3], colours.mean(dim=1), atol=1e-6)
    np.testing.assert_allclose(fitted.std[:3], colours.std(dim=1, correction=0), rtol=1e-6)


def test_a_feature_that_never_changes_is_not_blown_up(levels: list[Tensor]) -> None:
    flat = [levels[0], torch.full_like(levels[1], 2.0), levels[2]]
    fitted = fit_standardiser(iter([flat]), 200, np.random.default_rng(0))
    features = read_pixels(flat, np.arange(20), np.arange(20))
    assert np.abs(fitted.apply(features)[:, 3:7]).max() < 1


def test_background_near_the_lesion_is_drawn_as_often_as_all_the_rest(levels: list[Tensor]) -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[12:20, 28:36] = 1
    drawn = draw(levels, labels, 100)
    near = (distance_transform_edt(labels == 0) <= NEAR * 64) & (labels == 0)
    far = labels.size - near.sum() - 64
    expected = {64 / 50: 50, near.sum() / 25: 25, far / 25: 25}
    for weight, count in expected.items():
        assert np.isclose(drawn.weights * labels.size, weight).sum() == count


@pytest.mark.parametrize("weight", [0.5, 1.0, 4.0])
def test_background_near_the_lesion_counts_as_much_as_asked(levels: list[Tensor], weight: float) -> None:
    labels = mask()
    near = (distance_transform_edt(labels == 0) <= NEAR * 64) & (labels == 0)
    drawn = draw(levels, labels, 100)
    assert drawn.weights.sum() == pytest.approx(1)
    assert drawn.weighed(weight).sum() == pytest.approx(1 + (weight - 1) * near.mean())
    assert not drawn.near[drawn.labels > 0].any()
