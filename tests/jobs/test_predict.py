"""The job that predicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.events import Cancelled, Done, Preview
from napari_unlearn.jobs.predict import PredictRequest, events
from napari_unlearn.jobs.token import Token
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import predict_mask


def test_every_case_asked_for_is_shown_in_order(sample: Dataset, model: Path) -> None:
    wanted = ("train-0003", "aligned-0001")
    told = list(events(PredictRequest(sample.root, model, wanted, "cpu"), Token()))
    previews = [event for event in told if isinstance(event, Preview)]
    assert tuple(preview.case_id for preview in previews) == wanted
    assert isinstance(told[-1], Done)
    assert told[-1].result == 2
    segmenter = load_segmenter(model)
    for preview in previews:
        expected = predict_mask(segmenter, sample.case(preview.case_id).image())
        np.testing.assert_array_equal(preview.prediction, expected)


def test_a_unet_predicts_as_well(sample: Dataset, unet: Path) -> None:
    *_, preview, last = events(PredictRequest(sample.root, unet, ("train-0003",), "cpu"), Token())
    assert isinstance(last, Done)
    assert isinstance(preview, Preview)
    expected = predict_mask(load_segmenter(unet), sample.case("train-0003").image())
    np.testing.assert_array_equal(preview.prediction, expected)


def test_without_names_every_case_is_predicted(sample: Dataset, model: Path) -> None:
    told = list(events(PredictRequest(sample.root, model), Token()))
    found = [event.case_id for event in told if isinstance(event, Preview)]
    assert found == [case.id for case in sample.cases]


def test_a_case_that_is_not_there_is_named(sample: Dataset, model: Path, failure: Callable[..., str]) -> None:
    assert "'nobody'" in failure(events(PredictRequest(sample.root, model, ("nobody",)), Token()))


def test_a_folder_that_is_no_model_is_named(sample: Dataset, failure: Callable[..., str]) -> None:
    assert "is not a model folder" in failure(events(PredictRequest(sample.root, sample.root), Token()))


def test_it_can_be_cancelled_between_two_cases(sample: Dataset, model: Path) -> None:
    token, seen = Token(), 0
    for event in events(PredictRequest(sample.root, model), token):
        seen += isinstance(event, Preview)
        if seen == 2:
            token.cancel()
    assert seen == 2
    assert isinstance(event, Cancelled)
