"""What a U-Net learns from, and what never reaches it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.masks import split_pixels
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.unet import UnetSegmenter
from napari_unlearn.models.unet_weights import weights_of
from napari_unlearn.operators.collect_unet import collect_unet
from napari_unlearn.operators.image_batches import LabelledImages
from napari_unlearn.operators.protocol import Step
from napari_unlearn.operators.public_start import public_start
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.operators.settings import Settings

Mask = NDArray[np.uint8]


@pytest.fixture(scope="module")
def segmenter(unet: Path) -> UnetSegmenter:
    return load_segmenter(unet)


@pytest.fixture(scope="module")
def train(sample: Dataset) -> tuple[Case, ...]:
    return sample.split("train")


@pytest.fixture
def hide(tmp_path: Path) -> Callable[..., list[Case]]:
    """A function that writes other classes where no label may be read: `what` are artefacts or unknown pixels."""

    def make(cases: Sequence[Case], what: str) -> list[Case]:
        changed = []
        for case in cases:
            coarse, fine = case.coarse(), case.fine()
            split = split_pixels(coarse, fine)
            where = split.corrected if what == "artefacts" else split.unknown
            path = tmp_path / f"{case.id}.png"
            Image.fromarray(np.where(where, 3 - coarse, coarse).astype(np.uint8)).save(path)
            changed.append(dataclasses.replace(case, coarse_path=path))
        return changed

    return make


def run(segmenter: UnetSegmenter, cases: Sequence[Case], swaps: int = 0, **settings: Any) -> Collected:
    start = public_start(segmenter, None, seed=9)
    *steps, collected = collect_unet(
        segmenter, start.network, cases, Settings(**settings), swaps, np.random.default_rng(0)
    )
    assert isinstance(collected, Collected)
    assert all(isinstance(step, Step) and 0 <= step.done <= step.total for step in steps)
    return collected


def same(a: LabelledImages, b: LabelledImages) -> bool:
    pairs = [*zip(a.images, b.images, strict=True), *zip(a.labels, b.labels, strict=True)]
    return np.array_equal(a.chances, b.chances) and all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("swaps", [0, 2])
@pytest.mark.parametrize("corrected", [0, 1])
def test_no_coarse_label_reaches_the_retain_side(
    segmenter: UnetSegmenter, train: Sequence[Case], hide: Any, corrected: int, swaps: int
) -> None:
    first = run(segmenter, train, swaps, corrected=corrected)
    unknown = run(segmenter, hide(train, "unknown"), swaps, corrected=corrected)
    artefacts = run(segmenter, hide(train, "artefacts"), swaps, corrected=corrected)
    for other in (unknown, artefacts):
        assert same(first.problem.retain, other.problem.retain)
        assert same(first.problem.refined, other.problem.refined)
        assert first.retain_hash == other.retain_hash
    assert same(first.problem.forget, unknown.problem.forget)
    assert not same(first.problem.forget, artefacts.problem.forget)


def test_what_an_unrefined_case_hides_changes_no_weight(
    segmenter: UnetSegmenter, train: Sequence[Case], hide: Any
) -> None:
    ends = []
    for cases in (train, hide(train, "unknown")):
        problem = run(segmenter, cases, swaps=1).problem
        *_, last = problem.learn(problem.public, 2, np.random.default_rng(0))
        ends.append((last.weights, problem.loss_and_gradient(last.weights, np.random.default_rng(0))[1]))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_pixel_has_the_label_that_it_may_have(segmenter: UnetSegmenter, train: Sequence[Case]) -> None:
    for corrected in (0, 1):
        problem = run(segmenter, train, corrected=corrected).problem
        refined = [case for case in train if case.is_refined]
        others = [case for case in train if not case.is_refined]
        for case, own in zip([*refined, *others], problem.retain.labels, strict=True):
            split = split_pixels(case.coarse(), case.fine())
            expected = np.zeros((64, 64), np.uint8) if case.fine() is None else case.fine().copy()
            expected[split.unknown] = IGNORE
            if not corrected:
                expected[split.corrected] = IGNORE
            np.testing.assert_array_equal(own.numpy(), expected)
        for case, own in zip(refined, problem.forget.labels, strict=True):
            artefact = split_pixels(case.coarse(), case.fine()).forget
            np.testing.assert_array_equal(own.numpy(), np.where(artefact, case.coarse(), IGNORE))
        assert len(problem.refined.images) == 6


def test_sources_have_their_shares(segmenter: UnetSegmenter, train: Sequence[Case]) -> None:
    problem = run(segmenter, train, 2, swap_weight=0.3, background_weight=0.4).problem
    chances = problem.retain.chances
    assert len(chances) == 6 + 12 + 6
    assert [chances[:6].sum(), chances[6:18].sum(), chances[18:].sum()] == pytest.approx([0.42, 0.18, 0.4])
    assert not any((own > 0).logical_and(own != IGNORE).any() for own in problem.retain.labels[18:])


@pytest.mark.parametrize("settings", [{"background_weight": 0.0}, {"background_pixels": 0}])
def test_without_background_unrefined_cases_give_images_for_statistics_only(
    segmenter: UnetSegmenter, train: Sequence[Case], settings: dict[str, float]
) -> None:
    problem = run(segmenter, train, **settings).problem
    assert len(problem.retain.images) == 6
    assert len(problem.images) == 12
    assert problem.steps == 1


def test_a_round_shows_as_many_lesions_as_there_are_refined_cases(
    segmenter: UnetSegmenter, train: Sequence[Case]
) -> None:
    assert run(segmenter, train, background_weight=0.9).problem.steps == round(6 / 0.1 / 8)


def test_the_start_and_the_model_in_use_are_kept_apart(segmenter: UnetSegmenter, train: Sequence[Case]) -> None:
    problem = run(segmenter, train).problem
    np.testing.assert_array_equal(problem.original, weights_of(segmenter.network))
    np.testing.assert_array_equal(problem.public, weights_of(public_start(segmenter, None, seed=9).network))
    rng = np.random.default_rng(0)
    (without,) = (x for x in collect_unet(segmenter, None, train, Settings(), 0, rng) if isinstance(x, Collected))
    with pytest.raises(UserError, match="not at hand"):
        _ = without.problem.public
    assert without.problem.network is not segmenter.network


def test_it_counts_like_the_collection_for_a_head(segmenter: UnetSegmenter, train: Sequence[Case]) -> None:
    collected = run(segmenter, train)
    splits = [split_pixels(case.coarse(), case.fine()) for case in train]
    assert collected.retain_pixels == sum(int(split.retain.sum()) for split in splits)
    assert collected.forget_pixels == sum(int(split.forget.sum()) for split in splits)
    assert (collected.refined, collected.unrefined) == (6, 6)


def test_missing_cases_and_classes_are_named(segmenter: UnetSegmenter, train: Sequence[Case]) -> None:
    with pytest.raises(UserError, match="No training case has a fine mask yet"):
        run(segmenter, [case for case in train if not case.is_refined])
    with pytest.raises(UserError, match="No refined case shows malignant"):
        run(segmenter, [case for case in train if case.diagnosis == "benign"])


@pytest.mark.parametrize("swaps", [0, 2])
def test_cases_without_a_lesion_are_drawn_as_often_as_they_are(
    segmenter: UnetSegmenter, train: Sequence[Case], tmp_path: Path, swaps: int
) -> None:
    refined = [case for case in train if case.is_refined][:3]
    unrefined = [case for case in train if not case.is_refined]
    free = []
    for case in unrefined[:3]:
        path = tmp_path / f"{case.id}.png"
        Image.fromarray(np.zeros_like(case.coarse())).save(path)
        free.append(dataclasses.replace(case, coarse_path=path))
    cases = [*refined, *unrefined[3:6], *free]
    retain = run(segmenter, cases, swaps, background_weight=0.0, background_pixels=10)
    images = retain.problem.retain
    whole = [bool((own == 0).all()) for own in images.labels]
    assert sum(whole) == 3 + 3 * swaps
    assert images.chances[whole].sum() == pytest.approx(1 / 3)
