"""The pixels that a head on bounded features was trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.models.bounded_fit import BoundedRecipe, fit_bounded
from napari_unlearn.models.bounded_training import BoundedTraining
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.head import PixelHead
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.bounded_images import BoundedImages, in_the_ball, read_bounded_images, trained_as_recorded
from napari_unlearn.operators.withdrawal import withdraw, without_their_images
from napari_unlearn.privacy.noise import OperatingSystemNoise

RECIPE = BoundedRecipe(pixels=30, strong_convexity=0.1)


@pytest.fixture(scope="module")
def segmenter(sample: Dataset, model: Path) -> HeadSegmenter:
    """A head that is the minimum of its training on bounded features."""
    plain = load_segmenter(model)
    assert isinstance(plain, HeadSegmenter)
    *_, made = fit_bounded(sample.split("train"), plain.cache, 64, 3, RECIPE, 4, None)
    assert isinstance(made, tuple)
    head, training = made
    assert isinstance(head, PixelHead)
    assert isinstance(training, BoundedTraining)
    return HeadSegmenter(dataclasses.replace(plain.card, seed=4, bounded=training), plain.encoder, head, plain.cache)


def read(
    segmenter: HeadSegmenter, cases: Sequence[Case], corrected: bool = True, method: str = "bounded"
) -> BoundedImages:
    *steps, images = read_bounded_images(segmenter, cases, corrected, method)
    assert isinstance(images, BoundedImages)
    assert len(steps) == len(cases)
    return images


def test_labels_are_those_that_may_be_kept(segmenter: HeadSegmenter, sample: Dataset) -> None:
    images = read(segmenter, sample.split("train"))
    known = images.pixels.weights > 0
    inside = images.coarse > 0
    assert known[images.refined].all()
    np.testing.assert_array_equal(known[~images.refined], ~inside[~images.refined])
    assert (images.pixels.labels[~images.refined] == 0).all()
    corrected = images.refined[:, None] & (images.pixels.labels != images.coarse)
    assert corrected.any()
    assert (images.pixels.labels[corrected] == 0).all()


def test_corrected_pixels_can_be_left_out(segmenter: HeadSegmenter, sample: Dataset) -> None:
    with_them, without = (read(segmenter, sample.split("train"), corrected) for corrected in (True, False))
    changed = with_them.refined[:, None] & (with_them.pixels.labels != with_them.coarse)
    assert (without.pixels.weights[changed] == 0).all()
    kept = with_them.refined[:, None] & ~changed
    np.testing.assert_array_equal(without.pixels.weights[kept], with_them.pixels.weights[kept])


def test_a_head_goes_to_whitened_features_and_back(segmenter: HeadSegmenter, sample: Dataset) -> None:
    images = read(segmenter, sample.split("train"))
    there = images.on_whitened(segmenter.head.weights)
    np.testing.assert_allclose(images.on_standardised(there), segmenter.head.weights, atol=1e-9)


def test_the_certificate_says_what_is_taken_from_the_card(segmenter: HeadSegmenter, sample: Dataset) -> None:
    assumption = trained_as_recorded(read(segmenter, sample.split("train")), "bounded")
    assert "--method bounded" in assumption.sentence
    assert "12 images" in assumption.checked
    assert "taken from the card" in assumption.checked


def test_composed_cases_come_behind_with_at_most_their_share_and_no_weight_raised(
    segmenter: HeadSegmenter, sample: Dataset
) -> None:
    images = read(segmenter, sample.split("train"))
    rng = np.random.default_rng(0)
    features = rng.normal(size=(9, 30, sum(segmenter.head.channels))).astype(np.float32)
    labels = rng.integers(3, size=(9, 30)).astype(np.uint8)
    for share in (0.0, 0.2, 0.9, 1.0):
        free = np.arange(9) < 2
        joined = images.with_composed(features, labels, free, segmenter.head.standardiser, share, share / 2)
        assert (joined.composed, len(joined.pixels), len(joined.refined)) == (9, 21, 21)
        assert not joined.lesion_free.any()  # no image of the training is
        assert joined.lesion_free_share == share / 2
        np.testing.assert_array_equal(joined.pixels.features[:12], images.pixels.features)
        np.testing.assert_array_equal(joined.pixels.weights[:12], images.pixels.weights)
        np.testing.assert_array_equal(joined.pixels.labels[12:], labels)
        own, added = images.pixels.weights[images.refined].sum(), joined.pixels.weights[12:].sum()
        assert added / (own + added) == pytest.approx(min(share, 9 / (own + 9)))
        assert joined.pixels.weights.max() <= 1 / 30 + 1e-12
        assert np.linalg.norm(joined.pixels.features, axis=2).max() <= images.pixels.radius * (1 + 1e-5)


def with_composed(images: BoundedImages, segmenter: HeadSegmenter, share: float, share_of_free: float) -> BoundedImages:
    """Nine composed images behind these, two of them without a lesion."""
    features = np.random.default_rng(0).normal(size=(9, 30, sum(segmenter.head.channels))).astype(np.float32)
    labels = np.zeros((9, 30), np.uint8)
    labels[2:, 0] = 1
    free = np.arange(9) < 2
    return images.with_composed(features, labels, free, segmenter.head.standardiser, share, share_of_free)


def test_composed_cases_of_each_kind_get_at_most_their_share(segmenter: HeadSegmenter, sample: Dataset) -> None:
    images = read(segmenter, sample.split("train"))
    free = ~images.refined & (np.cumsum(~images.refined) <= 3)
    weights = np.where(free[:, None], 1 / 30, images.pixels.weights)
    images = dataclasses.replace(images, lesion_free=free, pixels=dataclasses.replace(images.pixels, weights=weights))
    masses = with_composed(images, segmenter, 0.4, 0.25).pixels.weights.sum(axis=1)
    lesions = masses[:12][images.refined].sum()
    assert masses[14:].sum() / (lesions + masses[14:].sum()) == pytest.approx(min(0.4, 7 / (lesions + 7)))
    assert masses[12:14].sum() == pytest.approx(1)  # a quarter of what these and the three make


def test_fewer_composed_cases_in_whole_count_as_much_as_more_in_part(segmenter: HeadSegmenter, sample: Dataset) -> None:
    images = with_composed(read(segmenter, sample.split("train")), segmenter, 0.9, 0.9)
    images = dataclasses.replace(images, lesion_free=np.arange(21) % 7 == 5)  # two of them are composed
    images.pixels.weights[12:, 3] = 0  # a pixel without a label
    masses = np.where(np.arange(21) < 12, 0.3, 0.6)
    found = images.in_whole(masses)
    assert (found.composed, len(found.pixels), len(found.coarse), len(found.refined)) == (5, 17, 17, 17)
    assert found.lesion_free[12:].sum() == 1  # 0.6 of two is 1, of the other seven 4
    np.testing.assert_allclose(np.delete(found.pixels.weights[12:], 3, axis=1), 1 / 30)
    assert (found.pixels.weights[12:, 3] == 0).all()
    np.testing.assert_array_equal(found.pixels.weights[:12], images.pixels.weights[:12])
    kept = [int(np.flatnonzero((images.pixels.features == each).all(axis=(1, 2)))[0]) for each in found.pixels.features]
    assert kept[:12] == list(range(12))
    assert kept[12:] == sorted(set(kept[12:]))
    np.testing.assert_array_equal(found.lesion_free, images.lesion_free[kept])
    np.testing.assert_array_equal(found.pixels.labels, images.pixels.labels[kept])


@pytest.fixture(scope="module")
def noisy(segmenter: HeadSegmenter, sample: Dataset) -> HeadSegmenter:
    """A head that noisy steps trained on all images."""
    return trained_with_noise(segmenter, sample.split("train"))


def trained_with_noise(plain: HeadSegmenter, cases: Sequence[Case]) -> HeadSegmenter:
    recipe = dataclasses.replace(RECIPE, epochs=2)
    *_, made = fit_bounded(cases, plain.cache, 64, 3, recipe, 4, OperatingSystemNoise())
    assert isinstance(made, tuple)
    head, training = made
    return dataclasses.replace(plain, head=head, card=dataclasses.replace(plain.card, bounded=training))


@pytest.mark.parametrize("keep_coarse", [False, True])
def test_without_withdrawn_cases_everything_is_as_a_training_on_the_others_would_have_it(
    noisy: HeadSegmenter, sample: Dataset, keep_coarse: bool
) -> None:
    cases = sample.split("train")
    withdrawal, rest = withdraw(cases, f"id = {cases[3].id} or id = {cases[8].id}", keep_coarse)
    moved = without_their_images(noisy, rest, bounded=True)
    *_, images = read_bounded_images(moved, rest, True, "pnsgd", withdrawal)
    assert isinstance(images, BoundedImages)
    never = trained_with_noise(noisy, rest)
    for name in ("mean", "std"):
        np.testing.assert_array_equal(getattr(moved.head.standardiser, name), getattr(never.head.standardiser, name))
    assert never.card.bounded is not None
    assert images.training == dataclasses.replace(never.card.bounded, head_sha256=images.training.head_sha256)
    assert images.any_start
    inside = images.coarse > 0
    unrefined = np.array([not case.is_refined for case in rest])
    known = images.pixels.weights > 0
    assert known[unrefined & inside.any(axis=1)][inside[unrefined & inside.any(axis=1)]].all() == keep_coarse
    assert (images.refined == (np.ones(10, bool) if keep_coarse else ~unrefined)).all()
    other = moved.logits(cases[0].image())
    np.testing.assert_allclose(other, noisy.logits(cases[0].image()), rtol=1e-3, atol=1e-3)


def test_the_certificate_says_that_nothing_is_assumed_of_a_training_with_withdrawn_cases(
    noisy: HeadSegmenter, sample: Dataset
) -> None:
    withdrawal, rest = withdraw(sample.split("train"), f"id = {sample.split('train')[3].id}", False)
    moved = without_their_images(noisy, rest, bounded=True)
    *_, images = read_bounded_images(moved, rest, True, "pnsgd", withdrawal)
    assert isinstance(images, BoundedImages)
    assumption = in_the_ball(images)
    assert assumption.sentence.startswith("Nothing is assumed of how the head was trained")
    assert "computed anew from the 11 images that are left" in assumption.checked
    assert "the ball of radius 10;" in assumption.checked


def test_after_composed_cases_nothing_is_assumed_of_the_head_but_the_ball(
    noisy: HeadSegmenter, sample: Dataset
) -> None:
    training = noisy.card.bounded
    assert training is not None
    for composed in (0, 7):
        after = training.after(noisy.head.weights, 20.0, 3, composed)
        card = dataclasses.replace(noisy.card, bounded=after)
        images = read(dataclasses.replace(noisy, card=card), sample.split("train"), method="pnsgd")
        assert images.any_start == (composed > 0)
        said = trained_as_recorded(images, "pnsgd").sentence
        assert said.startswith("The head is what earlier requests, the last of them on these images, made of a ")
    withdrawal, rest = withdraw(sample.split("train"), f"id = {sample.split('train')[3].id}", False)
    moved = without_their_images(dataclasses.replace(noisy, card=card), rest, bounded=True)
    *_, images = read_bounded_images(moved, rest, True, "pnsgd", withdrawal)
    assert isinstance(images, BoundedImages)
    assert "withdrawn images" in in_the_ball(images).sentence


def refusal(segmenter: HeadSegmenter, cases: Sequence[Case], method: str = "bounded") -> str:
    with pytest.raises(UserError) as caught:
        list(read_bounded_images(segmenter, cases, True, method))
    return str(caught.value)


def test_a_head_that_was_trained_otherwise_is_refused(segmenter: HeadSegmenter, sample: Dataset, model: Path) -> None:
    cases = sample.split("train")
    plain = load_segmenter(model)
    assert isinstance(plain, HeadSegmenter)
    for head in (plain, segmenter):
        assert refusal(head, cases, "pnsgd") == (
            "This head was not trained with --method pnsgd, on which the guarantee of this operator rests; train it "
            "again with napari-unlearn train --method pnsgd, or choose another operator."
        )
    assert refusal(plain, cases).startswith("This head was not trained with --method bounded,")


def test_a_head_that_was_changed_since_is_refused(segmenter: HeadSegmenter, sample: Dataset) -> None:
    head = dataclasses.replace(segmenter.head, weights=segmenter.head.weights + 1e-12)
    assert refusal(dataclasses.replace(segmenter, head=head), sample.split("train")) == (
        "This head was changed after its training with --method bounded, on which the guarantee of this operator "
        "rests; choose the model as it was trained, or another operator."
    )


def test_other_images_are_refused(segmenter: HeadSegmenter, sample: Dataset) -> None:
    assert refusal(segmenter, sample.split("train")[:-1]) == (
        "The head was trained on 12 images, and those with a coarse mask are now 11 and not the same; restore the "
        "training images of the data set, include excluded cases again, or train the head again."
    )
