"""A few pixels on which a model is measured again and again."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.dice import DiceTally
from napari_unlearn.evaluation.evaluate import nearest
from napari_unlearn.evaluation.leakage import SPURIOUS
from napari_unlearn.evaluation.watched_pixels import (
    SIDE,
    HeadInputs,
    UnetInputs,
    WatchedPixels,
    lattice,
    read_watched,
    watched_cases,
)
from napari_unlearn.leakage import s_global
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import UnetSegmenter
from napari_unlearn.models.unet_weights import weights_of


@dataclasses.dataclass
class Linear:
    """A problem whose scores are a product, as those of a head are."""

    classes: int

    def scores(self, weights: Tensor, inputs: Tensor) -> Tensor:
        return inputs @ weights.T.to(inputs.dtype)


def held_out(dataset: Dataset) -> list[Any]:
    return [case for case in dataset.cases if case.split != "train"]


def training(dataset: Dataset) -> list[Any]:
    return list(dataset.split("train"))


def made(segmenter: Any, watched: Any) -> WatchedPixels:
    *_, pixels = read_watched(segmenter, watched)
    assert isinstance(pixels, WatchedPixels)
    return pixels


def test_held_out_cases_of_one_split_come_first_and_are_spread_over_it(sample: Dataset) -> None:
    watched = watched_cases(sample, held_out(sample), training(sample), 10)
    assert watched is not None
    assert {case.split for case in watched.cases} == {"test_aligned"}
    assert watched.cases == sample.split("test_aligned")[::2]
    assert watched.mapped
    assert watched.about == (
        "Measured on 256 pixels of each of 10 cases of test_aligned, which teach nothing. No guarantee covers these "
        "curves."
    )


def test_without_held_out_cases_it_says_that_the_very_cases_teach(sample: Dataset) -> None:
    watched = watched_cases(sample, (), training(sample), 10)
    assert watched is not None
    assert {case.id for case in watched.cases} <= {case.id for case in sample.refined("train")}
    assert "of the very cases that teach" in watched.about


def test_cases_without_maps_of_artefacts_give_dice_alone(sample: Dataset) -> None:
    bare = [dataclasses.replace(case, artefact_path=None) for case in sample.cases]
    watched = watched_cases(sample, [case for case in bare if case.split != "train"], bare[:0], 10)
    assert watched is not None
    assert not watched.mapped
    assert watched_cases(sample, (), (), 10) is None


def test_a_look_is_what_the_model_predicts_there(sample: Dataset, model: Path) -> None:
    segmenter = load_segmenter(model)
    assert isinstance(segmenter, HeadSegmenter)
    watched = watched_cases(sample, held_out(sample), training(sample), 20)
    assert watched is not None
    found = made(segmenter, watched).look(Linear(3), segmenter.head.weights)  # type: ignore[arg-type]
    tally = DiceTally(3)
    truth, predicted, spurious = [], [], []
    for case in watched.cases:
        image, fine, flags = case.image(), case.fine(), case.artefacts()
        assert fine is not None
        assert flags is not None
        logits = segmenter.logits(image)
        predicted.append(logits.argmax(0).numpy().astype(np.uint8)[lattice(tuple(logits.shape[1:]))])
        truth.append(fine[lattice(fine.shape)])
        spurious.append((flags[lattice(flags.shape)] & SPURIOUS) > 0)
        tally.add(predicted[-1], truth[-1])
    expected = s_global(
        np.array(spurious), np.array(truth), np.array(predicted), classes=(1, 2), resamples=200, permutations=20
    )
    assert found.dice is not None
    assert found.leakage is not None
    # Features are kept in half precision, so that a pixel on the edge may change sides.
    assert found.dice.value == pytest.approx(tally.lesion, abs=0.01)
    assert found.leakage.value == pytest.approx(expected.normalised, abs=0.01)
    assert found.leakage.low is not None
    assert found.leakage.low <= found.leakage.value <= (found.leakage.high or 0)
    assert found.by_chance == pytest.approx(expected.by_chance, abs=0.01)


def test_a_model_that_finds_no_lesion_has_no_leakage_to_speak_of() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (6, SIDE, SIDE)).astype(np.uint8)
    pixels = WatchedPixels(HeadInputs(torch.ones(6 * SIDE * SIDE, 1)), truth, truth > 0)
    found = pixels.look(Linear(2), np.array([[1.0], [0.0]]))  # type: ignore[arg-type]
    assert found.dice is not None
    assert found.dice.value == 0
    assert found.leakage is not None
    assert math.isnan(found.leakage.value)
    assert found.by_chance is None


def test_images_of_any_shape_are_looked_at_in_their_own_place() -> None:
    class Corner:
        """Class 1 in the upper half of every image."""

        classes = 2

        def scores(self, weights: Tensor, inputs: Tensor) -> Tensor:
            upper = torch.zeros(len(inputs), 2, *inputs.shape[-2:])
            upper[:, 1, : inputs.shape[-2] // 2] = inputs[:, 0, : inputs.shape[-2] // 2]
            return upper

    images = [torch.full((3, 32, 64), 255, dtype=torch.uint8), torch.zeros(3, 64, 32, dtype=torch.uint8)]
    found = UnetInputs((images[0], images[1], images[0])).classes(Corner(), torch.zeros(1))  # type: ignore[arg-type]
    assert found.shape == (3, SIDE, SIDE)
    assert found[[0, 2], : SIDE // 2].all()
    assert not found[[0, 2], SIDE // 2 :].any()
    assert not found[1].any()


def test_a_unet_is_looked_at_as_well(sample: Dataset, unet: Path) -> None:
    from napari_unlearn.operators.image_batches import LabelledImages
    from napari_unlearn.operators.unet_problem import UnetProblem

    segmenter = load_segmenter(unet)
    assert isinstance(segmenter, UnetSegmenter)
    weights = weights_of(segmenter.network)
    none = LabelledImages([], [], [])
    problem = UnetProblem(segmenter.network, weights, weights, 3, none, none, none, (), 1)
    watched = watched_cases(sample, held_out(sample), training(sample), 6)
    assert watched is not None
    found = made(segmenter, watched).look(problem, weights)
    assert found.dice is not None
    assert 0 <= found.dice.value <= 1


@pytest.mark.parametrize("shape", [(64, 64), (48, 96), (7, 5)])
def test_the_lattice_lies_on_the_same_places_as_a_small_picture_would(shape: tuple[int, int]) -> None:
    mask = np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(shape)
    rows, columns = lattice(shape)
    assert mask[rows, columns].shape == (SIDE, SIDE)
    if min(shape) >= SIDE:
        assert np.array_equal(mask[rows, columns], nearest(mask, (SIDE, SIDE)))
