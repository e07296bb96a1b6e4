"""Measuring many heads at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.evaluate import SplitEvaluation, evaluate_split
from napari_unlearn.evaluation.outlines import Outlines, measure_heads
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.head import PixelHead
from napari_unlearn.models.segmenter import HeadSegmenter


@pytest.fixture(scope="module")
def segmenter(model: Path) -> HeadSegmenter:
    made = load_segmenter(model)
    assert isinstance(made, HeadSegmenter)
    return made


def measured(segmenter: HeadSegmenter, dataset: Dataset, *heads: np.ndarray) -> tuple[Outlines, ...]:
    *_, last = measure_heads(segmenter, dataset.split("test_aligned"), heads)
    assert isinstance(last, tuple)
    return last


def test_every_head_is_measured_as_it_would_be_alone(segmenter: HeadSegmenter, sample: Dataset) -> None:
    own = segmenter.head.weights
    other = own + np.random.default_rng(0).normal(0, 0.3, own.shape)
    together = measured(segmenter, sample, own, other)
    assert together == measured(segmenter, sample, own) + measured(segmenter, sample, other)
    assert together[0] != together[1]


def test_the_numbers_come_close_to_the_full_measurement(segmenter: HeadSegmenter, sample: Dataset) -> None:
    (quick,) = measured(segmenter, sample, segmenter.head.weights)
    *_, full = evaluate_split(segmenter, sample, "test_aligned", resamples=1)
    assert isinstance(full, SplitEvaluation)
    assert full.leakage is not None
    assert quick.dice == pytest.approx(full.dice, abs=0.02)
    assert quick.leakage == pytest.approx(full.leakage["normalised"], abs=0.05)


def test_scores_are_those_of_the_head_averaged_over_four_pixels(segmenter: HeadSegmenter, sample: Dataset) -> None:
    from napari_unlearn.evaluation.outlines import _scores
    from napari_unlearn.models.grid import image_to_grid

    channels = segmenter.head.channels
    only_colours = np.zeros_like(segmenter.head.weights)
    only_colours[:, : channels[0]] = segmenter.head.weights[:, : channels[0]]
    head = PixelHead(only_colours, segmenter.head.standardiser, channels)
    levels = segmenter.cache.levels(image_to_grid(sample.cases[0].image(), segmenter.card.size))
    full = head.logits([level[None] for level in levels])[0].numpy()
    half = _scores(head, levels).numpy()
    k, h, w = full.shape
    assert half == pytest.approx(full.reshape(k, h // 2, 2, w // 2, 2).mean(axis=(2, 4)), abs=1e-3)


def test_a_head_that_sees_no_lesion_has_no_overlap_and_leaks_nothing(segmenter: HeadSegmenter, sample: Dataset) -> None:
    background = np.zeros_like(segmenter.head.weights)
    background[0, -1] = 1.0
    assert measured(segmenter, sample, background) == (Outlines(0.0, 0.0),)


def test_without_artefact_maps_there_is_no_leakage(segmenter: HeadSegmenter, sample: Dataset) -> None:
    cases = [dataclasses.replace(case, artefact_path=None) for case in sample.split("test_aligned")[:3]]
    *_, (alone,) = measure_heads(segmenter, cases, [segmenter.head.weights])
    assert alone.leakage is None
    assert alone.dice is not None
