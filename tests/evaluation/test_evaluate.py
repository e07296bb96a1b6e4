"""All numbers of a split."""

from __future__ import annotations

import dataclasses
import itertools
import json
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.artefacts import ARTEFACT_NAMES, HAIR
from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation import counterfactuals
from napari_unlearn.evaluation.dice import DiceTally
from napari_unlearn.evaluation.evaluate import (
    Evaluation,
    Seen,
    SplitEvaluation,
    default_splits,
    evaluate_split,
    score,
)
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.head import PixelHead
from napari_unlearn.models.segmenter import HeadSegmenter, predict_mask


@pytest.fixture(scope="module")
def segmenter(model: Path) -> HeadSegmenter:
    return load_segmenter(model)


@pytest.fixture(scope="module")
def small(sample: Dataset) -> Dataset:
    """The aligned split cut to six cases, three of each diagnosis and with artefacts in most."""
    return with_cases(sample, sample.split("test_aligned")[:6])


def with_cases(dataset: Dataset, cases: Sequence[Case]) -> Dataset:
    return dataclasses.replace(dataset, cases=tuple(cases))


def run(segmenter: HeadSegmenter, dataset: Dataset, split: str = "test_aligned") -> SplitEvaluation:
    *steps, result = evaluate_split(segmenter, dataset, split, resamples=20)
    assert isinstance(result, SplitEvaluation)
    assert set(steps) <= {case.id for case in dataset.cases}
    return result


def rebiased(segmenter: HeadSegmenter, row: list[float]) -> HeadSegmenter:
    """A model that predicts the same everywhere: only the biases are left."""
    weights = np.zeros_like(segmenter.head.weights)
    weights[:, -1] = row
    head = PixelHead(weights, segmenter.head.standardiser, segmenter.head.channels)
    return dataclasses.replace(segmenter, head=head)


@pytest.fixture(scope="module")
def result(segmenter: HeadSegmenter, small: Dataset) -> SplitEvaluation:
    return run(segmenter, small)


def test_no_more_than_13_kib_of_an_image_are_kept_when_the_next_one_comes(
    segmenter: HeadSegmenter, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = with_cases(small, [dataclasses.replace(small.cases[0], id=f"case-{i}") for i in range(130)])

    def seen(_: Any, cases: Sequence[Case], shape: tuple[int, int]) -> Iterator[Seen]:
        for i in range(len(cases)):
            masks = np.full((3, *shape), 1 + i % 2, np.uint8)
            yield Seen(np.full((3, 3), 7, np.int64), 0.5 + 1e-3 * i, i % 64, masks)

    monkeypatch.setattr("napari_unlearn.evaluation.evaluate.seen_together", seen)
    monkeypatch.setattr("napari_unlearn.evaluation.evaluate.common_shape", lambda _: (256, 256))
    held = []
    tracemalloc.start()
    try:
        steps = evaluate_split(segmenter, many, "test_aligned")
        for done, _ in enumerate(itertools.islice(steps, 129)):
            if done in (64, 128):  # so many were looked at, and fill the room that there is for them
                held.append(tracemalloc.get_traced_memory()[0])
        steps.close()  # type: ignore[attr-defined]
    finally:
        tracemalloc.stop()
    assert 3 * 4096 <= (held[1] - held[0]) / 64 <= 13 * 1024


def test_the_numbers_are_those_of_the_contract(result: SplitEvaluation) -> None:
    numbers = json.loads(json.dumps(Evaluation({"test_aligned": result}).to_json(), allow_nan=False))
    assert numbers.keys() == {"splits", "shortcut_gap", "shortcut_gap_detail"}
    split = numbers["splits"]["test_aligned"]
    assert {"dice", "dice_per_class", "auroc", "leakage", "counterfactual_shift", "cases"} <= split.keys()
    assert split["leakage"].keys() == {"s_global", "normalised", "low", "high"}
    assert split["cases"] == 6
    assert len(split["dice_per_class"]) == 3
    assert 0 <= split["dice"] <= 1
    assert 0 <= split["auroc"] <= 1
    assert split["leakage"]["low"] <= split["leakage"]["high"]


def test_overlap_is_that_of_predictions_and_fine_masks(
    segmenter: HeadSegmenter, small: Dataset, result: SplitEvaluation
) -> None:
    tally = DiceTally(3)
    for case in small.cases:
        tally.add(predict_mask(segmenter, case.image()), case.fine())
    assert result.dice == tally.lesion
    assert result.dice_per_class == tally.per_class


def test_the_map_adds_up_to_the_leakage(result: SplitEvaluation) -> None:
    assert result.leakage_map is not None
    assert result.leakage_map.shape == (64, 64)
    assert result.leakage_map.dtype == np.float32
    assert np.isfinite(result.leakage_map).all()
    assert result.leakage is not None
    assert result.leakage_map.sum() == pytest.approx(result.leakage["s_global"], abs=1e-3)


def test_leakage_is_told_for_each_kind_of_artefact_that_occurs(result: SplitEvaluation, small: Dataset) -> None:
    flags = np.bitwise_or.reduce([np.bitwise_or.reduce(case.artefacts(), axis=None) for case in small.cases])
    present = {name for flag, name in ARTEFACT_NAMES.items() if flags & flag}
    assert set(result.leakage_per_artefact) == present
    assert present


def test_cases_without_a_fine_mask_do_not_count(segmenter: HeadSegmenter, small: Dataset) -> None:
    bare = dataclasses.replace(small.cases[0], fine_path=None)
    assert run(segmenter, with_cases(small, [bare, *small.cases[1:]])).cases == 5


def test_without_artefact_maps_there_is_no_leakage_and_no_shift(segmenter: HeadSegmenter, small: Dataset) -> None:
    bare = [dataclasses.replace(case, artefact_path=None) for case in small.cases]
    found = run(segmenter, with_cases(small, bare))
    assert (found.leakage, found.leakage_map, found.counterfactual_shift) == (None, None, None)
    assert found.leakage_per_artefact == {}
    assert found.dice is not None


def test_without_a_diagnosis_there_is_no_auroc(segmenter: HeadSegmenter, small: Dataset) -> None:
    unknown = dataclasses.replace(small.cases[0], diagnosis=None)
    assert run(segmenter, with_cases(small, [unknown, *small.cases[1:]])).auroc is None


@pytest.mark.parametrize("row", [[5.0, 0.0, 0.0], [5000.0, 0.0, 0.0], [0.0, 0.0, 9.0]])
def test_a_model_that_says_the_same_everywhere_gives_numbers(
    segmenter: HeadSegmenter, small: Dataset, row: list[float]
) -> None:
    found = run(rebiased(segmenter, row), small)
    text = json.dumps(found.to_json(), allow_nan=False)
    assert "NaN" not in text
    assert found.auroc == 0.5
    assert found.counterfactual_shift == pytest.approx(0.0, abs=1e-6)


def test_one_case_is_enough_for_everything_but_leakage(segmenter: HeadSegmenter, small: Dataset) -> None:
    found = run(segmenter, with_cases(small, small.cases[:1]))
    assert (found.cases, found.auroc, found.leakage) == (1, None, None)
    assert found.dice is not None


def test_images_of_different_size_are_evaluated_together(
    segmenter: HeadSegmenter, small: Dataset, tmp_path: Path
) -> None:
    from PIL import Image

    case = small.cases[0]
    paths: dict[str, Any] = {}
    for kind, resampling in (("image", 3), ("coarse", 0), ("fine", 0), ("artefact", 0)):
        with Image.open(getattr(case, f"{kind}_path")) as picture:
            picture.resize((96, 72), resampling).save(tmp_path / f"{kind}.png")
        paths[f"{kind}_path"] = tmp_path / f"{kind}.png"
    other = dataclasses.replace(case, **paths)
    found = run(segmenter, with_cases(small, [other, *small.cases[1:]]))
    assert found.leakage is not None
    assert found.leakage_map is not None
    assert found.leakage_map.shape == (256, 256)


def test_the_shift_is_what_removing_or_adding_the_artefact_does_to_the_score(
    segmenter: HeadSegmenter, small: Dataset, result: SplitEvaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where removing gives back the image itself and adding does as well, nothing shifts.
    monkeypatch.setattr(counterfactuals, "remove_artefact", lambda image, *_: image)
    monkeypatch.setattr(counterfactuals, "add_artefact", lambda image, *_: image)
    assert run(segmenter, small).counterfactual_shift == pytest.approx(0.0, abs=1e-3)
    assert result.counterfactual_shift is not None
    assert abs(result.counterfactual_shift) > 1e-3


def test_a_model_that_sees_darkness_is_moved_by_what_is_dark(
    segmenter: HeadSegmenter, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sign: with the artefact minus without it."""
    monkeypatch.setattr(counterfactuals, "remove_artefact", lambda image, *_: np.full_like(image, 255))
    monkeypatch.setattr(counterfactuals, "add_artefact", lambda image, *_: np.zeros_like(image))
    weights = np.zeros_like(segmenter.head.weights)
    weights[2, :3] = -1.0
    head = PixelHead(weights, segmenter.head.standardiser, segmenter.head.channels)
    dark = dataclasses.replace(segmenter, head=head)
    marked = [case for case in small.cases if (case.artefacts() & ~np.uint8(HAIR)).any()]
    clean = [case for case in small.cases if case not in marked]
    assert marked
    assert clean
    removed = [run(dark, with_cases(small, [case])).counterfactual_shift for case in marked]
    assert min(removed) > 0.05
    both = run(dark, with_cases(small, [marked[0], clean[0]])).counterfactual_shift
    assert 2 * both - removed[0] > 0.05  # what adding did to the clean case


def test_hair_is_no_shortcut(segmenter: HeadSegmenter, small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Case, "artefacts", lambda case: np.full(case.shape, HAIR, np.uint8))
    found = run(segmenter, small)
    assert found.counterfactual_shift is None
    assert found.leakage is not None
    assert found.leakage["s_global"] == 0


def test_the_score_of_a_case_does_not_depend_on_the_cache(segmenter: HeadSegmenter, small: Dataset) -> None:
    image = small.cases[0].image()
    kept, composed = segmenter.logits(image), segmenter.composed_logits(image)
    assert score(segmenter, kept) == pytest.approx(score(segmenter, composed), abs=1e-3)


def test_splits_with_fine_masks_are_evaluated_but_not_the_training_cases(sample: Dataset) -> None:
    assert sample.refined("train")
    assert default_splits(sample) == ("test_aligned", "test_conflicting")
    bare = [dataclasses.replace(case, fine_path=None) for case in sample.split("test_aligned")]
    assert default_splits(with_cases(sample, [*bare, *sample.split("test_conflicting")])) == ("test_conflicting",)


def test_the_same_evaluation_twice_gives_the_same_numbers(
    segmenter: HeadSegmenter, small: Dataset, result: SplitEvaluation
) -> None:
    assert run(segmenter, small).to_json() == result.to_json()
