"""What an operator learns from, and what never reaches it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.masks import split_pixels, split_three_ways
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators import collect as module
from napari_unlearn.operators.catalogue.certified_convex import BoundedSettings
from napari_unlearn.operators.collect import Collected, collect
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Step
from napari_unlearn.operators.settings import Settings

Mask = NDArray[np.uint8]
FEW = Settings(pixels=40, swap_pixels=30, background_pixels=0)
ALL = Settings(pixels=65536, background_pixels=0, overlap=1)


@pytest.fixture(scope="module")
def segmenter(model: Path) -> HeadSegmenter:
    return load_segmenter(model)


@pytest.fixture(scope="module")
def train(sample: Dataset) -> tuple[Case, ...]:
    return sample.split("train")


@pytest.fixture
def rewrite(tmp_path: Path) -> Callable[..., list[Case]]:
    """A function that gives cases other masks: `change` gets the coarse and the fine mask and returns both."""

    def make(cases: Sequence[Case], change: Callable[[Mask, Mask | None], tuple[Mask, Mask | None]]) -> list[Case]:
        changed = []
        for case in cases:
            masks = dict(zip(("coarse", "fine"), change(case.coarse(), case.fine()), strict=True))
            paths = {}
            for kind, mask in masks.items():
                paths[f"{kind}_path"] = None if mask is None else tmp_path / f"{case.id}-{kind}.png"
                if mask is not None:
                    Image.fromarray(mask).save(tmp_path / f"{case.id}-{kind}.png")
            changed.append(dataclasses.replace(case, **paths))
        return changed

    return make


def run(segmenter: HeadSegmenter, cases: Sequence[Case], settings: Settings = FEW, swaps: int = 0) -> Collected:
    *steps, collected = collect(segmenter, cases, settings, swaps, np.random.default_rng(0))
    assert isinstance(collected, Collected)
    assert all(isinstance(step, Step) and 0 <= step.done <= step.total for step in steps)
    return collected


def pixels_of(collected: Collected) -> PixelSet:
    assert isinstance(collected.problem, HeadProblem)
    return collected.problem.retain_pixels


def same(a: PixelSet, b: PixelSet) -> bool:
    return (
        np.array_equal(a.features, b.features)
        and np.array_equal(a.labels, b.labels)
        and np.array_equal(a.weights, b.weights)
    )


@pytest.mark.parametrize("swaps", [0, 2])
@pytest.mark.parametrize("background", [0, 20])
@pytest.mark.parametrize("corrected", [0, 1])
class TestNoCoarseLabelReachesTheRetainSet:
    def settings(self, corrected: int, background: int) -> Settings:
        return dataclasses.replace(FEW, corrected=corrected, background_pixels=background)

    def test_of_a_case_that_nobody_refined(
        self, segmenter: HeadSegmenter, train: Sequence[Case], rewrite: Any, corrected: int, background: int, swaps: int
    ) -> None:
        def change(coarse: Mask, fine: Mask | None) -> tuple[Mask, Mask | None]:
            if fine is None:
                coarse = np.where(coarse > 0, 3 - coarse, 0).astype(np.uint8)
                if not background:
                    coarse[:, :20] = 1
            return coarse, fine

        settings = self.settings(corrected, background)
        one, other = run(segmenter, train, settings, swaps), run(segmenter, rewrite(train, change), settings, swaps)
        assert (other.forget_pixels > one.forget_pixels) == (not background)
        assert same(one.problem.retain_pixels, other.problem.retain_pixels)
        assert same(one.problem.forget_pixels, other.problem.forget_pixels)

    def test_of_a_dilation_artefact(
        self, segmenter: HeadSegmenter, train: Sequence[Case], rewrite: Any, corrected: int, background: int, swaps: int
    ) -> None:
        def change(coarse: Mask, fine: Mask | None) -> tuple[Mask, Mask | None]:
            return np.where(coarse > 0, 3 - coarse, 0).astype(np.uint8), fine

        settings = self.settings(corrected, background)
        one, other = run(segmenter, train, settings, swaps), run(segmenter, rewrite(train, change), settings, swaps)
        np.testing.assert_array_equal(other.problem.forget_pixels.labels, 3 - one.problem.forget_pixels.labels)
        assert same(one.problem.retain_pixels, other.problem.retain_pixels)
        assert other.retain_hash == one.retain_hash


@pytest.mark.parametrize("swaps", [0, 2])
def test_how_far_a_coarse_mask_reached_does_not_show_where_fine_masks_teach(
    segmenter: HeadSegmenter, train: Sequence[Case], rewrite: Any, swaps: int
) -> None:
    def change(coarse: Mask, fine: Mask | None) -> tuple[Mask, Mask | None]:
        return (coarse if fine is None else fine), fine

    one, other = run(segmenter, train, FEW, swaps), run(segmenter, rewrite(train, change), FEW, swaps)
    assert other.forget_pixels < one.forget_pixels
    assert same(one.problem.retain_pixels, other.problem.retain_pixels)


def test_the_retain_set_depends_on_fine_masks(segmenter: HeadSegmenter, train: Sequence[Case], rewrite: Any) -> None:
    def change(coarse: Mask, fine: Mask | None) -> tuple[Mask, Mask | None]:
        return coarse, None if fine is None else coarse

    one, other = run(segmenter, train), run(segmenter, rewrite(train, change))
    assert not same(one.problem.retain_pixels, other.problem.retain_pixels)
    assert other.forget_pixels < one.forget_pixels


def test_what_is_counted_is_what_was_split(segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
    splits = [split_pixels(case.coarse(), case.fine()) for case in train]
    collected = run(segmenter, train)
    assert collected.retain_pixels == sum(int(split.retain.sum()) for split in splits)
    assert collected.forget_pixels == sum(int(split.forget.sum()) for split in splits)
    assert (collected.refined, collected.unrefined) == (6, 6)
    assert collected.outside == {}


@pytest.mark.parametrize("corrected", [0, 1])
def test_corrected_pixels_teach_only_if_they_may(
    segmenter: HeadSegmenter, train: Sequence[Case], corrected: int
) -> None:
    collected = run(segmenter, train, dataclasses.replace(ALL, corrected=corrected))
    refined = [case for case in train if case.is_refined]
    artefacts = sum(int(split_pixels(case.coarse(), case.fine()).corrected.sum()) for case in refined)
    assert artefacts > 0
    retain = collected.problem.retain_pixels
    assert len(retain) == len(refined) * 64 * 64 - (0 if corrected else artefacts)
    lesion = sum(int(np.count_nonzero(case.fine())) for case in refined)
    assert np.count_nonzero(retain.labels) == lesion


def test_lesions_under_artefacts_teach_only_if_they_may(segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
    taught, left_out = (run(segmenter, train, dataclasses.replace(ALL, overlap=overlap)) for overlap in (1, 0))
    under = sum(
        int(split_three_ways(case.coarse(), case.fine(), case.artefacts()).overlap.sum())
        for case in train
        if case.is_refined
    )
    assert under > 0
    assert taught.overlap == left_out.overlap == under
    pixels = taught.problem.retain_pixels, left_out.problem.retain_pixels
    assert len(pixels[0]) - len(pixels[1]) == under
    assert np.count_nonzero(pixels[0].labels == 0) == np.count_nonzero(pixels[1].labels == 0)
    # What is kept and what is forgotten is the same; only what teaches is not.
    assert (taught.retain_hash, taught.forget_hash) == (left_out.retain_hash, left_out.forget_hash)


def test_an_operator_that_goes_on_with_a_training_cannot_leave_lesions_out(
    segmenter: HeadSegmenter, train: Sequence[Case]
) -> None:
    with pytest.raises(UserError, match="leave overlap at 1"):
        run(segmenter, train, BoundedSettings(overlap=0))


def test_forget_pixels_are_the_artefacts_with_their_coarse_label(
    segmenter: HeadSegmenter, train: Sequence[Case]
) -> None:
    forget = run(segmenter, train, ALL).problem.forget_pixels
    expected = np.zeros(3, int)
    for case in train:
        if case.is_refined:
            coarse = case.coarse()
            expected += np.bincount(coarse[split_pixels(coarse, case.fine()).forget], minlength=3)
    np.testing.assert_array_equal(np.bincount(forget.labels, minlength=3), expected)
    assert expected[0] == 0


def test_composed_cases_carry_their_share_of_the_weight(segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
    settings = dataclasses.replace(FEW, swap_weight=0.3)
    alone, mixed = run(segmenter, train, settings), run(segmenter, train, settings, swaps=3)
    real = len(alone.problem.retain_pixels)
    weights = mixed.problem.retain_pixels.weights
    assert len(weights) > real
    assert weights[:real].sum() == pytest.approx(0.7)
    assert weights[real:].sum() == pytest.approx(0.3)
    np.testing.assert_array_equal(mixed.problem.retain_pixels.labels[:real], alone.problem.retain_pixels.labels)


def test_certain_background_of_other_cases_carries_its_share(segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
    settings = dataclasses.replace(FEW, background_pixels=25, background_weight=0.2)
    alone, mixed = run(segmenter, train).problem.retain_pixels, run(segmenter, train, settings).problem.retain_pixels
    assert len(mixed) == len(alone) + 6 * 25
    assert not mixed.labels[len(alone) :].any()
    assert mixed.weights[len(alone) :].sum() == pytest.approx(0.2)
    assert mixed.weights[: len(alone)].sum() == pytest.approx(0.8)


def test_background_is_certain_outside_the_coarse_mask_only(
    segmenter: HeadSegmenter, train: Sequence[Case], rewrite: Any
) -> None:
    def change(coarse: Mask, fine: Mask | None) -> tuple[Mask, Mask | None]:
        return (coarse, fine) if fine is not None else (np.ones_like(coarse), None)

    settings = dataclasses.replace(FEW, background_pixels=25)
    found, expected = run(segmenter, rewrite(train, change), settings), run(segmenter, train)
    np.testing.assert_array_equal(found.problem.retain_pixels.features, expected.problem.retain_pixels.features)
    # Only the proportions of weights count.
    ratio = found.problem.retain_pixels.weights / expected.problem.retain_pixels.weights
    np.testing.assert_allclose(ratio, ratio[0])


@pytest.mark.parametrize(("share", "parts"), [(0.0, "real"), (1.0, "composed")])
def test_a_part_without_weight_is_left_out(
    segmenter: HeadSegmenter, train: Sequence[Case], share: float, parts: str
) -> None:
    settings = dataclasses.replace(FEW, swap_weight=share)
    real = len(run(segmenter, train, settings).problem.retain_pixels)
    retain = run(segmenter, train, settings, swaps=1).problem.retain_pixels
    assert (retain.weights > 0).all()
    assert (len(retain) == real) == (parts == "real")


def test_every_refined_case_is_composed(segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
    *steps, _ = collect(segmenter, train, FEW, 2, np.random.default_rng(0))
    composing = [step for step in steps if isinstance(step, Step) and step.message.startswith("Composing")]
    assert len(composing) == 2  # 12 compositions in batches of 8
    assert [step.done for step in steps if isinstance(step, Step)] == [*range(12), 12, 20]


def test_fewer_pixels_of_each_case_are_drawn_where_all_would_be_too_many(
    segmenter: HeadSegmenter, train: Sequence[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(segmenter, train)
    wished = 2 * FEW.pixels * whole.refined
    monkeypatch.setattr(module, "MOST_PIXELS", wished // 4)
    made = run(segmenter, train)
    assert (whole.pixel_share, made.pixel_share) == (1.0, 0.25)
    assert len(pixels_of(made)) == pytest.approx(len(pixels_of(whole)) / 4, rel=0.1)
    assert (made.retain_hash, made.forget_hash) == (whole.retain_hash, whole.forget_hash)


def test_fingerprints_follow_the_masks(segmenter: HeadSegmenter, train: Sequence[Case], rewrite: Any) -> None:
    first = run(segmenter, train)
    one_pixel_done = False

    def change(coarse: Mask, fine: Mask | None) -> tuple[Mask, Mask | None]:
        nonlocal one_pixel_done
        if fine is not None and not one_pixel_done:
            row, column = np.argwhere(fine > 0)[0]
            fine[row, column] = 0
            one_pixel_done = True
        return coarse, fine

    changed = run(segmenter, rewrite(train, change))
    assert one_pixel_done
    assert changed.retain_hash != first.retain_hash
    assert changed.forget_hash != first.forget_hash
    assert (changed.forget_pixels, changed.retain_pixels) == (first.forget_pixels + 1, first.retain_pixels - 1)
    assert run(segmenter, train[:-1]).retain_hash != first.retain_hash
    assert run(segmenter, train).retain_hash == first.retain_hash


def test_fine_pixels_outside_the_coarse_mask_are_counted(
    segmenter: HeadSegmenter, train: Sequence[Case], rewrite: Any
) -> None:
    def change(coarse: Mask, fine: Mask | None) -> tuple[Mask, Mask | None]:
        if fine is not None:
            fine[np.unravel_index(np.flatnonzero(coarse == 0)[:3], fine.shape)] = 1
        return coarse, fine

    collected = run(segmenter, rewrite(train, change))
    assert collected.outside == {case.id: 3 for case in train if case.is_refined}


def test_the_head_in_use_is_handed_on(segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
    problem = run(segmenter, train).problem
    np.testing.assert_array_equal(problem.original, segmenter.head.weights)
    assert problem.classes == 3
    assert problem.retain_pixels.features.shape[1] == segmenter.head.weights.shape[1]


def test_without_a_refined_case_there_is_nothing_to_learn_from(segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
    with pytest.raises(UserError, match="No training case has a fine mask yet; refine at least one"):
        run(segmenter, [case for case in train if not case.is_refined])


def test_a_class_that_no_refined_case_shows_is_named(segmenter: HeadSegmenter, train: Sequence[Case]) -> None:
    benign = [case for case in train if case.diagnosis == "benign"]
    with pytest.raises(UserError, match=r"No refined case shows malignant, so the model would forget it"):
        run(segmenter, benign)


def test_composing_needs_two_cases(segmenter: HeadSegmenter, train: Sequence[Case], rewrite: Any) -> None:
    (one,) = rewrite([next(case for case in train if case.is_refined)], both_classes)
    assert run(segmenter, [one]).refined == 1
    with pytest.raises(
        UserError, match="need two refined cases with a lesion and of the same shape; refine another one"
    ):
        run(segmenter, [one], swaps=1)


def both_classes(coarse: Mask, fine: Mask | None) -> tuple[Mask, Mask | None]:
    assert fine is not None
    halved = np.where(fine > 0, 1, 0).astype(np.uint8)
    halved[:32][fine[:32] > 0] = 2
    return coarse, halved


class TestACaseWithoutALesion:
    @pytest.fixture
    def cases(self, train: Sequence[Case], rewrite: Callable[..., list[Case]]) -> list[Case]:
        """Twice as many cases with a lesion as without; a half of the former are refined, none of the latter."""
        refined = [case for case in train if case.is_refined][:3]
        unrefined = [case for case in train if not case.is_refined]
        free = rewrite(unrefined[:3], lambda coarse, fine: (np.zeros_like(coarse), None))
        return [*refined, *unrefined[3:6], *free]

    @pytest.mark.parametrize("swaps", [0, 2])
    def test_counts_as_much_as_one_with_a_lesion_would_were_all_refined(
        self, segmenter: HeadSegmenter, cases: list[Case], swaps: int
    ) -> None:
        only = Settings(pixels=60, swap_pixels=30, background_pixels=60, background_weight=0.0, near_weight=1.0)
        collected = run(segmenter, cases, only, swaps)
        lesions = run(segmenter, cases[:3], only, swaps).problem.retain_pixels
        pixels = collected.problem.retain_pixels
        whole, lesion = (float(set_.weights[set_.labels > 0].sum()) for set_ in (pixels, lesions))
        assert lesion > 0
        assert whole / pixels.weights.sum() == pytest.approx(2 / 3 * lesion / lesions.weights.sum())

    def test_is_left_out_with_the_certain_background(self, segmenter: HeadSegmenter, cases: list[Case]) -> None:
        few = dataclasses.replace(FEW, near_weight=1.0)
        assert same(
            run(segmenter, cases, few).problem.retain_pixels, run(segmenter, cases[:3], few).problem.retain_pixels
        )

    def test_that_is_refined_counts_as_refined(self, segmenter: HeadSegmenter, cases: list[Case]) -> None:
        assert (run(segmenter, cases).refined, run(segmenter, cases).unrefined) == (3, 6)
