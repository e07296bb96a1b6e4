"""The job that trains."""

from __future__ import annotations

import dataclasses
import errno
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Cancelled, Metric, Progress
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import TrainRequest, TrainResult, events, training_split
from napari_unlearn.models import unet_training
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import UnetSegmenter
from napari_unlearn.privacy.noise import OperatingSystemNoise


@pytest.fixture
def request_(sample: Dataset, encoder_file: Path, tmp_path: Path) -> TrainRequest:
    return TrainRequest(sample.root, tmp_path / "model", encoder=str(encoder_file), device="cpu")


def test_it_makes_a_model_that_knows_where_it_comes_from(
    request_: TrainRequest, sample: Dataset, encoder_file: Path, finish: Callable[..., Any]
) -> None:
    result = finish(events(dataclasses.replace(request_, masks="fine", seed=5, size=32), Token()))
    assert isinstance(result, TrainResult)
    card = load_segmenter(result.model).card
    assert (card.classes, card.positive, card.trained_on) == (sample.classes, sample.positive, sample.name)
    assert (card.masks, card.trainable, card.seed, card.size) == ("fine", "head", 5, 32)
    assert "tu-test_efficientnet" in result.encoder
    assert result.loss > 0
    refined = [case for case in sample.split("train") if case.fine_path is not None]
    assert card.cases == result.cases == len(refined) < len(sample.split("train"))


@pytest.mark.parametrize("trainable", ["head", "decoder"])
def test_the_same_seed_gives_the_same_weights_byte_for_byte(
    request_: TrainRequest, finish: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trainable: str
) -> None:
    monkeypatch.setattr(unet_training, "UnetRecipe", partial(unet_training.UnetRecipe, passes=1))
    asked = dataclasses.replace(request_, trainable=trainable, size=32)
    folders = [
        finish(events(dataclasses.replace(asked, out=tmp_path / name, seed=seed), Token())).model
        for name, seed in (("one", 5), ("two", 5), ("other", 6))
    ]
    weights = [(folder / "model.safetensors").read_bytes() for folder in folders]
    assert weights[0] == weights[1]
    assert weights[0] != weights[2]


@pytest.mark.parametrize("trainable", ["decoder", "all"])
def test_it_makes_a_unet_that_says_what_touched_its_encoder(
    request_: TrainRequest,
    sample: Dataset,
    finish: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    encoder: Encoder,
    trainable: str,
) -> None:
    monkeypatch.setattr(unet_training, "UnetRecipe", partial(unet_training.UnetRecipe, passes=2))
    result = finish(events(dataclasses.replace(request_, trainable=trainable, seed=5, size=32), Token()))
    assert (result.cases, result.loss > 0) == (12, True)
    segmenter = load_segmenter(result.model)
    assert isinstance(segmenter, UnetSegmenter)
    card = segmenter.card
    assert (card.masks, card.trainable, card.seed, card.size, card.cases) == ("coarse", trainable, 5, 32, 12)
    if trainable == "decoder":
        assert segmenter.encoder_card == encoder.card
    else:
        assert not segmenter.encoder_card.public
        wanted = f"nothing, its weights are random and the coarse masks of {sample.name}"
        assert segmenter.encoder_card.trained_on == wanted


def test_a_unet_can_be_cancelled_at_every_step(request_: TrainRequest) -> None:
    token = Token()
    told = []
    for event in events(dataclasses.replace(request_, trainable="decoder"), token):
        told.append(event)
        if isinstance(event, Progress) and event.message == "Fitting the decoder":
            token.cancel()
    assert isinstance(told[-1], Cancelled)
    assert isinstance(told[-2], Progress)
    assert told[-2].done == 1
    assert not request_.out.exists()


def test_it_tells_progress_and_loss(request_: TrainRequest) -> None:
    told = list(events(request_, Token()))
    progress = [event for event in told if isinstance(event, Progress) and event.total]
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    losses = [event.value for event in told if isinstance(event, Metric)]
    assert {event.name for event in told if isinstance(event, Metric)} == {"loss"}
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"masks": "medium"}, "no 'medium' masks; choose coarse or fine."),
        ({"trainable": "tail"}, "'tail' cannot be trained; choose one of head, decoder, all."),
        ({"size": 100}, "must be a multiple of 32, not 100"),
        ({"size": 0}, "must be a multiple of 32, not 0"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"encoder": "resnet-eighteen"}, "no encoder file or architecture 'resnet-eighteen'"),
        ({"seed": -1}, "The seed must not be negative, as -1 is."),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    request_: TrainRequest, failure: Callable[..., str], change: dict[str, Any], sentence: str
) -> None:
    assert sentence in failure(events(dataclasses.replace(request_, **change), Token()))
    assert not request_.out.exists()


def test_a_folder_without_a_data_set_is_refused(request_: TrainRequest, failure: Callable[..., str]) -> None:
    empty = request_.out.parent / "empty"
    empty.mkdir()
    assert str(empty) in failure(events(dataclasses.replace(request_, dataset=empty), Token()))


@pytest.mark.parametrize("after", [0, 3, 20])
def test_cancelling_leaves_nothing_behind(request_: TrainRequest, after: int) -> None:
    token = Token()
    told = []
    for event in events(request_, token):
        told.append(event)
        if len(told) > after:
            token.cancel()
    assert isinstance(told[-1], Cancelled)
    assert len(told) == after + 2
    assert not request_.out.exists()


def test_a_model_is_replaced_only_where_that_is_asked_for(
    request_: TrainRequest, finish: Callable[..., Any], failure: Callable[..., str]
) -> None:
    finish(events(request_, Token()))
    other = dataclasses.replace(request_, seed=7, out=request_.out)
    sentence = f"{request_.out} holds a model already; choose a new folder, or replace it with --overwrite."
    assert sentence in failure(events(other, Token()))
    assert load_segmenter(request_.out).card.seed == 0
    finish(events(dataclasses.replace(other, overwrite=True), Token()))
    assert load_segmenter(request_.out).card.seed == 7


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_no_model_is_never_replaced(
    request_: TrainRequest, failure: Callable[..., str], kind: str, overwrite: bool
) -> None:
    letter = request_.out
    if kind == "folder":
        request_.out.mkdir()
        letter = request_.out / "letter.txt"
    letter.write_text("mine")
    sentence = failure(events(dataclasses.replace(request_, overwrite=overwrite), Token()))
    assert f"{request_.out} exists already and is no model; choose a new folder for the model." in sentence
    assert letter.read_text() == "mine"


def test_a_full_disk_leaves_the_model_that_was_to_be_replaced(
    request_: TrainRequest, finish: Callable[..., Any], failure: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(events(request_, Token()))
    flush, flushed = os.fsync, []

    def full_at_the_second(descriptor: int) -> None:
        flushed.append(descriptor)
        if len(flushed) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(descriptor)

    # Features are in the cache by now, so that the model's two files are all that is written.
    monkeypatch.setattr(os, "fsync", full_at_the_second)
    assert "disk" in failure(events(dataclasses.replace(request_, seed=7, overwrite=True), Token()))
    assert load_segmenter(request_.out).card.seed == 0
    assert sorted(entry.name for entry in request_.out.iterdir()) == ["model.json", "model.safetensors"]


def named(*splits: str | None) -> Dataset:
    cases = tuple(Case(str(i), Path(f"{i}.png"), split=split) for i, split in enumerate(splits))
    return Dataset(Path("somewhere"), "A set", ("background", "lesion"), cases)


def test_the_training_split_is_the_one_of_that_name() -> None:
    assert training_split(named("test", "Training")) == "Training"
    assert training_split(named("test", "train")) == "train"
    assert training_split(named(None, None)) == "train"
    with pytest.raises(UserError, match="somewhere has no split named train; name one"):
        training_split(named("test", "validation"))


@pytest.mark.parametrize(("method", "noisy"), [("bounded", False), ("pnsgd", True)])
def test_the_card_tells_of_a_training_on_bounded_features(
    request_: TrainRequest, finish: Callable[..., Any], method: str, noisy: bool
) -> None:
    result = finish(events(dataclasses.replace(request_, method=method, strength=0.2), Token()))
    assert 0 < result.loss < 2
    training = load_segmenter(result.model).card.bounded
    assert training is not None
    assert (training.images, training.strong_convexity) == (12, 0.2)
    assert (training.steps is not None) == noisy
    if training.steps is not None:
        assert training.steps.noise == OperatingSystemNoise.description


def test_a_strength_pulls_a_head_towards_zero(request_: TrainRequest, finish: Callable[..., Any]) -> None:
    norms = []
    for strength in (None, 1.0):
        request = dataclasses.replace(request_, out=request_.out / str(strength), strength=strength)
        segmenter = load_segmenter(finish(events(request, Token())).model)
        assert isinstance(segmenter, HeadSegmenter)
        assert segmenter.card.bounded is None
        norms.append(float(np.linalg.norm(segmenter.head.weights)))
    assert norms[1] < 0.5 * norms[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"method": "magic"}, "There is no method 'magic'; choose one of newton, bounded, pnsgd."),
        ({"strength": 0.0}, "The strength must be larger than 0, not 0.0."),
        (
            {"method": "pnsgd", "trainable": "decoder"},
            "A method and a strength can be chosen for a head only; add --trainable head.",
        ),
        (
            {"method": "pnsgd", "masks": "fine"},
            "The method pnsgd prepares a head for unlearning, so it learns from coarse masks; leave --masks out or "
            "choose the method newton.",
        ),
    ],
)
def test_a_method_that_does_not_fit_is_refused(
    request_: TrainRequest, failure: Callable[..., str], changes: dict[str, Any], sentence: str
) -> None:
    assert failure(events(dataclasses.replace(request_, **changes), Token())) == sentence
    assert not request_.out.exists()
