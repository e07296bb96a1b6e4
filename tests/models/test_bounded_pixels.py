"""Pixels with features of bounded length."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.models.bounded_pixels import BoundedPixels, ImagePixels, bounded, read_images, scale_of
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.head import Standardiser
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.training import read_on_grid

IMAGES, PIXELS, FEATURES = 6, 40, 5
PLAIN = Standardiser(np.zeros(FEATURES), np.ones(FEATURES))


@pytest.fixture(scope="module")
def drawn() -> ImagePixels:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(FEATURES, FEATURES)) * 5
    features = (rng.normal(size=(IMAGES, PIXELS, FEATURES)) @ mixing).astype(np.float32)
    labels = rng.choice(np.array([0, 1, 2, IGNORE], np.uint8), (IMAGES, PIXELS))
    return ImagePixels(features, labels, "a digest")


@pytest.fixture(scope="module")
def pixels(drawn: ImagePixels) -> BoundedPixels:
    return bounded(drawn, PLAIN)


def test_no_feature_vector_is_longer_than_the_radius_and_half_are_as_long(pixels: BoundedPixels) -> None:
    lengths = np.linalg.norm(pixels.features, axis=2)
    assert lengths.max() == pytest.approx(pixels.radius, rel=1e-6)
    assert np.isclose(lengths, pixels.radius, rtol=1e-6).mean() == pytest.approx(0.5, abs=0.01)


def test_whitening_levels_the_spread_of_strong_directions_and_leaves_weak_ones(drawn: ImagePixels) -> None:
    pixels = bounded(drawn, PLAIN, radius=1e9)
    x = pixels.features.reshape(-1, FEATURES + 1).astype(float)
    raw = PLAIN.apply(drawn.features.reshape(-1, FEATURES)).astype(float)
    before, after = (np.linalg.eigvalsh(part.T @ part / len(part)) for part in (raw, x))
    np.testing.assert_allclose(after, before / (before + 1), rtol=1e-4)


def test_a_head_scores_the_same_in_both_coordinates(drawn: ImagePixels) -> None:
    pixels = bounded(drawn, PLAIN, radius=1e9)
    weights = np.random.default_rng(1).normal(size=(3, FEATURES + 1))
    state = pixels.whitening.on_whitened(weights)
    raw = PLAIN.apply(drawn.features.reshape(-1, FEATURES))
    scores = pixels.features.reshape(-1, FEATURES + 1) @ state.T
    np.testing.assert_allclose(scores, raw @ weights.T, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(pixels.whitening.on_standardised(state), weights, rtol=1e-9)


def test_shortening_never_changes_which_class_wins(drawn: ImagePixels, pixels: BoundedPixels) -> None:
    state = np.random.default_rng(1).normal(size=(3, FEATURES + 1))
    long = bounded(drawn, PLAIN, radius=1e9)
    np.testing.assert_array_equal((pixels.features @ state.T).argmax(2), (long.features @ state.T).argmax(2))


def test_pixels_without_a_label_weigh_nothing_and_an_image_at_most_one(
    drawn: ImagePixels, pixels: BoundedPixels
) -> None:
    known = drawn.labels != IGNORE
    np.testing.assert_array_equal(pixels.weights, np.where(known, 1 / PIXELS, 0))
    np.testing.assert_array_equal(pixels.labels[known], drawn.labels[known])
    assert pixels.weights.sum(axis=1).max() <= 1


def test_labels_have_no_say_in_features_or_radius(drawn: ImagePixels, pixels: BoundedPixels) -> None:
    other = bounded(dataclasses.replace(drawn, labels=np.full_like(drawn.labels, IGNORE)), PLAIN)
    np.testing.assert_array_equal(other.features, pixels.features)
    assert other.radius == pixels.radius
    np.testing.assert_array_equal(other.whitening.matrix, pixels.whitening.matrix)


def read(cases: list[Case], cache: FeatureCache, masks: str = "coarse", seed: int = 0) -> ImagePixels:
    *progress, drawn = read_images(cases, lambda case: read_on_grid(case, masks, 64)[1], cache, 64, 30, seed)
    assert progress == list(range(len(cases)))
    assert isinstance(drawn, ImagePixels)
    return drawn


def test_further_images_are_whitened_and_shortened_like_those_before_them(
    drawn: ImagePixels, pixels: BoundedPixels
) -> None:
    more = pixels.and_more(drawn.features[2:4], drawn.labels[2:4], PLAIN)
    assert len(more) == IMAGES + 2
    for name in ("features", "labels", "weights"):
        joined, own = getattr(more, name), getattr(pixels, name)
        np.testing.assert_array_equal(joined[:IMAGES], own)
        np.testing.assert_array_equal(joined[IMAGES:], own[2:4])
    assert (more.radius, more.digest) == (pixels.radius, pixels.digest)


def test_the_scale_is_that_of_all_pixels_of_the_first_images(drawn: ImagePixels) -> None:
    scale = scale_of(drawn)
    flat = drawn.features.reshape(-1, FEATURES).astype(float)
    np.testing.assert_allclose(scale.mean, flat.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scale.std, flat.std(axis=0), rtol=1e-12)


def test_the_same_pixels_are_drawn_whatever_the_labels(sample: Dataset, encoder: Encoder) -> None:
    cases, cache = sample.refined("train"), FeatureCache(encoder)
    coarse, fine, other = read(cases, cache), read(cases, cache, "fine"), read(cases, cache, seed=1)
    np.testing.assert_array_equal(coarse.features, fine.features)
    assert coarse.digest == fine.digest == other.digest
    assert not np.array_equal(coarse.labels, fine.labels)
    assert not np.array_equal(coarse.features, other.features)
    assert coarse.labels.shape == (len(cases), 30)


def test_other_images_have_another_digest(sample: Dataset, encoder: Encoder) -> None:
    cases, cache = sample.split("train"), FeatureCache(encoder)
    digest = read(cases[:3], cache).digest
    assert digest != read(cases[:2], cache).digest
    assert digest != read([cases[1], cases[0], cases[2]], cache).digest
    assert digest != read([dataclasses.replace(cases[0], id="renamed"), *cases[1:3]], cache).digest
