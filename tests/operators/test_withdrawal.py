"""Whole cases that are forgotten: nothing of them reaches the retain side, as if they had never been there."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.head import PixelHead, Standardiser
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.training import image_statistics
from napari_unlearn.models.unet import UnetSegmenter
from napari_unlearn.operators.catalogue.certified_convex import BoundedSettings
from napari_unlearn.operators.collect import collect
from napari_unlearn.operators.collect_unet import collect_unet
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.operators.settings import Settings
from napari_unlearn.operators.unet_problem import UnetProblem
from napari_unlearn.operators.withdrawal import (
    Withdrawal,
    on_other_statistics,
    still_given,
    taught_labels,
    withdraw,
    without_their_images,
)

FEW = Settings(pixels=40, swap_pixels=30, background_pixels=20)


@pytest.fixture(scope="module")
def segmenter(model: Path) -> HeadSegmenter:
    return load_segmenter(model)


@pytest.fixture(scope="module")
def train(sample: Dataset) -> tuple[Case, ...]:
    return sample.split("train")


@pytest.fixture(scope="module")
def criterion(train: Sequence[Case]) -> str:
    """Picks one refined and one unrefined case."""
    refined = next(case for case in train[1:] if case.is_refined)
    unrefined = next(case for case in train if not case.is_refined)
    return f"id = {refined.id} or id = {unrefined.id}"


def run(
    segmenter: HeadSegmenter,
    rest: Sequence[Case],
    withdrawal: Withdrawal | None,
    swaps: int = 0,
    settings: Settings = FEW,
) -> tuple[Collected, HeadProblem]:
    *_, collected = collect(segmenter, rest, settings, swaps, np.random.default_rng(0), withdrawal)
    assert isinstance(collected, Collected)
    assert isinstance(collected.problem, HeadProblem)
    return collected, collected.problem


def same(a: PixelSet, b: PixelSet) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("features", "labels", "weights"))


def with_other_masks(cases: Sequence[Case], folder: Path, change: NDArray[np.uint8]) -> tuple[Case, ...]:
    changed = []
    for case in cases:
        path = folder / f"{case.id}.png"
        Image.fromarray(change).save(path)
        fine = path if case.is_refined else None
        changed.append(dataclasses.replace(case, coarse_path=path, fine_path=fine))
    return tuple(changed)


class TestChoosing:
    def test_the_cases_that_fit_go_and_the_others_stay_in_order(self, train: Sequence[Case], criterion: str) -> None:
        withdrawal, rest = withdraw(train, criterion, False)
        assert [case for case in train if case not in withdrawal.cases] == rest
        assert len(withdrawal.cases) == 2
        assert withdrawal.criterion == criterion

    def test_the_fingerprint_of_the_ids_does_not_depend_on_their_order(self, train: Sequence[Case]) -> None:
        one, other, less = (Withdrawal("any", tuple(cases)) for cases in (train, train[::-1], train[1:]))
        assert one.ids_hash == other.ids_hash != less.ids_hash

    def test_what_was_withdrawn_before_is_left_out_by_the_digests_of_its_ids(
        self, train: Sequence[Case], criterion: str
    ) -> None:
        withdrawal, rest = withdraw(train, criterion, False)
        assert still_given(train, withdrawal.digests) == rest
        assert still_given(train, ()) == list(train)
        assert not any(case.id in "".join(withdrawal.digests) for case in withdrawal.cases)

    def test_nothing_left_is_refused(self, train: Sequence[Case]) -> None:
        with pytest.raises(UserError, match="No training case with a coarse mask is left.*narrower"):
            withdraw(train, "split = train", False)

    def test_nothing_found_is_refused(self, train: Sequence[Case]) -> None:
        with pytest.raises(UserError, match="No case fits 'site = Vienna'"):
            withdraw(train, "site = Vienna", False)

    def test_cases_that_taught_nothing_are_refused(self, train: Sequence[Case]) -> None:
        bare = dataclasses.replace(train[0], id="bare", coarse_path=None, fine_path=None)
        with pytest.raises(UserError, match="None of the 1 training cases that fit 'id = bare' has a mask"):
            withdraw([*train, bare], "id = bare", False)

    @pytest.mark.parametrize(("masks", "kind"), [("coarse", "coarse"), ("unlearned", "coarse"), ("fine", "fine")])
    def test_what_a_case_taught_is_what_the_model_was_trained_on(
        self, train: Sequence[Case], masks: str, kind: str
    ) -> None:
        case = next(case for case in train if case.is_refined and not np.array_equal(case.coarse(), case.fine()))
        assert np.array_equal(taught_labels(case, masks), getattr(case, kind)())


class TestStatistics:
    def test_a_head_on_other_statistics_gives_the_same_scores(self) -> None:
        rng = np.random.default_rng(0)
        old, new = (Standardiser(rng.normal(size=5), rng.uniform(0.5, 2, 5)) for _ in range(2))
        head = PixelHead(rng.normal(size=(3, 6)), old, (2, 3))
        moved = on_other_statistics(head, new)
        assert moved.standardiser is new
        features = rng.normal(size=(7, 5))

        def scores(own: PixelHead) -> NDArray[np.float64]:
            z = (features - own.standardiser.mean) / own.standardiser.std
            return z @ own.weights[:, :-1].T + own.weights[:, -1]

        np.testing.assert_allclose(scores(moved), scores(head), rtol=1e-12, atol=1e-12)
        assert not np.allclose(moved.weights, head.weights)

    def test_they_are_those_of_the_remaining_images_and_the_function_stays(
        self, segmenter: HeadSegmenter, train: Sequence[Case], criterion: str
    ) -> None:
        _, rest = withdraw(train, criterion, False)
        moved = without_their_images(segmenter, rest)
        card = segmenter.card
        expected = image_statistics(rest, segmenter.cache, card.size, card.seed)
        assert np.array_equal(moved.head.standardiser.mean, expected.mean)
        assert np.array_equal(moved.head.standardiser.std, expected.std)
        assert not np.array_equal(expected.mean, segmenter.head.standardiser.mean)
        image = rest[0].image()
        torch.testing.assert_close(moved.logits(image), segmenter.logits(image), rtol=1e-3, atol=1e-3)


class TestTheRetainSide:
    @pytest.mark.parametrize("keep_coarse", [False, True])
    @pytest.mark.parametrize("swaps", [0, 2])
    def test_it_is_the_one_of_a_data_set_without_them(
        self, segmenter: HeadSegmenter, train: Sequence[Case], criterion: str, swaps: int, keep_coarse: bool
    ) -> None:
        withdrawal, rest = withdraw(train, criterion, keep_coarse)
        collected, problem = run(segmenter, rest, withdrawal, swaps)
        # A withdrawal of no case is the reference: the semantics of the rest and nothing else.
        nobody = Withdrawal(criterion, (), keep_coarse) if keep_coarse else None
        alone, reference = run(segmenter, rest, nobody, swaps)
        assert same(problem.retain_pixels, reference.retain_pixels)
        assert (collected.retain_hash, collected.retain_pixels) == (alone.retain_hash, alone.retain_pixels)
        assert collected.forget_hash != alone.forget_hash

    def test_labels_of_withdrawn_cases_change_the_forget_side_only(
        self, segmenter: HeadSegmenter, train: Sequence[Case], criterion: str, tmp_path: Path
    ) -> None:
        withdrawal, rest = withdraw(train, criterion, False)
        other = np.zeros((64, 64), np.uint8)
        other[:20, :30] = 2
        changed = dataclasses.replace(withdrawal, cases=with_other_masks(withdrawal.cases, tmp_path, other))
        (before, one), (after, two) = (run(segmenter, rest, w, 1) for w in (withdrawal, changed))
        assert same(one.retain_pixels, two.retain_pixels)
        assert before.retain_hash == after.retain_hash
        assert before.forget_hash != after.forget_hash
        assert not same(one.forget_pixels, two.forget_pixels)

    def test_every_pixel_of_theirs_counts_as_forgotten_and_lesion_and_background_are_drawn(
        self, segmenter: HeadSegmenter, train: Sequence[Case], criterion: str
    ) -> None:
        withdrawal, rest = withdraw(train, criterion, False)
        collected, problem = run(segmenter, rest, withdrawal)
        alone, reference = run(segmenter, rest, None)
        assert collected.forget_pixels - alone.forget_pixels == 2 * 64 * 64
        assert (collected.refined, collected.unrefined) == (alone.refined, alone.unrefined)
        theirs = problem.forget_pixels.labels[len(reference.forget_pixels) :]
        expected = {int(v) for case in withdrawal.cases for v in np.unique(case.coarse())}
        assert set(theirs.tolist()) == expected
        assert len(theirs) == 2 * FEW.pixels
        assert set(collected.maps) == {segmenter.cache.path(grid) for grid in grids(withdrawal.cases)}

    def test_coarse_labels_of_the_rest_teach_only_where_they_are_kept(
        self, segmenter: HeadSegmenter, train: Sequence[Case], criterion: str
    ) -> None:
        everything = dataclasses.replace(FEW, pixels=65536, background_pixels=65536)
        kept, _ = run(segmenter, *reversed(withdraw(train, criterion, True)), settings=everything)
        dropped, _ = run(segmenter, *reversed(withdraw(train, criterion, False)), settings=everything)
        unknown = sum(
            np.count_nonzero(case.coarse()) for case in withdraw(train, criterion, False)[1] if not case.is_refined
        )
        assert kept.retain_pixels - dropped.retain_pixels == unknown > 0
        assert dropped.forget_pixels - kept.forget_pixels == unknown
        assert kept.taught == kept.refined + kept.unrefined == 10
        assert dropped.taught == dropped.refined == 5


def grids(cases: Sequence[Case]) -> list[torch.Tensor]:
    return [torch.from_numpy(case.image().transpose(2, 0, 1).copy()) for case in cases]


class TestRefusals:
    def test_no_fine_mask_left(self, segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
        bare = [dataclasses.replace(case, fine_path=None) for case in train]
        withdrawal, rest = withdraw(bare, f"id = {bare[0].id}", False)
        with pytest.raises(UserError, match="No training case that is left has a fine mask.*--keep-coarse"):
            run(segmenter, rest, withdrawal)
        kept, problem = run(segmenter, rest, dataclasses.replace(withdrawal, keep_coarse=True))
        assert set(problem.retain_pixels.labels.tolist()) == {0, 1, 2}
        assert kept.taught == len(rest)

    @pytest.mark.parametrize(
        ("keep_coarse", "sentence"),
        [
            (False, "No refined case that is left shows malignant.*--keep-coarse"),
            (True, "No case that is left shows malignant.*narrower"),
        ],
    )
    def test_a_class_that_is_gone(
        self, segmenter: HeadSegmenter, train: Sequence[Case], keep_coarse: bool, sentence: str
    ) -> None:
        withdrawal, rest = withdraw(train, "diagnosis = malignant", keep_coarse)
        with pytest.raises(UserError, match=sentence):
            run(segmenter, rest, withdrawal)

    def test_an_operator_that_rests_on_all_images(self, segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
        withdrawal, rest = withdraw(train, f"id = {train[0].id}", False)
        with pytest.raises(UserError, match="cannot forget whole cases; choose another one, such as exact-refit"):
            run(segmenter, rest, withdrawal, settings=BoundedSettings())


@pytest.mark.parametrize("keep_coarse", [False, True])
def test_a_unet_sees_their_images_on_the_forget_side_only(
    unet: Path, train: Sequence[Case], criterion: str, keep_coarse: bool
) -> None:
    segmenter = load_segmenter(unet)
    assert isinstance(segmenter, UnetSegmenter)
    withdrawal, rest = withdraw(train, criterion, keep_coarse)
    rng = np.random.default_rng(0)
    *_, collected = collect_unet(segmenter, None, rest, Settings(), 1, rng, withdrawal)
    assert isinstance(collected, Collected)
    problem = collected.problem
    assert isinstance(problem, UnetProblem)
    theirs = grids(withdrawal.cases)
    learned = [*problem.images, *problem.retain.images, *problem.refined.images]
    assert not any(torch.equal(image, own) for image in learned for own in theirs)
    assert len(problem.images) == len(rest)
    for image, case in zip(theirs, withdrawal.cases, strict=True):
        (place,) = [i for i, other in enumerate(problem.forget.images) if torch.equal(other, image)]
        assert np.array_equal(problem.forget.labels[place].numpy(), case.coarse())
    lesions = sum(bool(((own > 0) & (own != IGNORE)).any()) for own in problem.refined.labels)
    assert lesions == collected.taught == (10 if keep_coarse else 5)
