"""Whether two models fit each other, and what can be made of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_bytes
from napari_unlearn.jobs.compose import ComposeRequest
from napari_unlearn.jobs.composing import Composing, compose
from napari_unlearn.jobs.run_folder import read_certificate
from napari_unlearn.models.checkpoint import load_segmenter, save_segmenter
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.unet import UnetSegmenter, public_unet

Pair = Callable[..., Composing]


@pytest.fixture
def pair(sample: Dataset, model: Path, unet: Path, run: Path, tmp_path: Path) -> Pair:
    """A function that puts two models together, the second one changed by a function."""

    def make(
        kind: str = "head", change: Callable[[Any], Any] = lambda segmenter: segmenter, **options: Any
    ) -> Composing:
        source = {"head": model, "unet": unet}[kind]
        save_segmenter(load_segmenter(source), tmp_path / "one" / "model")
        save_segmenter(change(load_segmenter(source)), tmp_path / "two" / "model")
        request = ComposeRequest(
            sample.root, tmp_path / "one", tmp_path / "two", tmp_path / "out", device="cpu", **options
        )
        *_, made = compose(request, [read_certificate(run)] * 2, sample.split("train"))
        assert isinstance(made, Composing)
        return made

    return make


def other_card(**changes: Any) -> Callable[[Any], Any]:
    return lambda segmenter: dataclasses.replace(segmenter, card=dataclasses.replace(segmenter.card, **changes))


def other_scale(segmenter: Any) -> Any:
    segmenter.head.standardiser.mean[0] += 1
    return segmenter


def other_encoder(segmenter: Any) -> Any:
    backbone = segmenter.network.layers.encoder if isinstance(segmenter, UnetSegmenter) else segmenter.encoder.backbone
    with torch.no_grad():
        next(p for p in backbone.parameters() if p.ndim == 1).add_(1)
    if isinstance(segmenter, UnetSegmenter):
        return segmenter
    encoder = Encoder(segmenter.encoder.card, backbone.state_dict())
    return dataclasses.replace(segmenter, encoder=encoder)


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("head", other_scale, "their features are scaled differently"),
        ("head", other_encoder, "their encoders differ"),
        ("head", other_card(size=32), "they differ in their classes or in the size"),
        ("head", other_card(classes=("background", "a", "b")), "they differ in their classes"),
        ("unet", other_card(trainable="all"), "one is of another kind than the other"),
        ("unet", other_encoder, "their frozen encoders differ"),
    ],
)
def test_what_does_not_fit_is_named(pair: Pair, kind: str, change: Callable[[Any], Any], sentence: str) -> None:
    with pytest.raises(UserError, match=f"cannot be composed: {sentence}"):
        pair(kind, change)


def test_heads_are_interpolated_only(pair: Pair) -> None:
    composing = pair()
    for method in ("best", "interpolate"):
        assert len(composing.candidates(method)) == 11
    with pytest.raises(UserError, match="a head is a single layer"):
        composing.candidates("exchange")
    assert composing.public_encoder == {"public_encoder": composing.first.encoder.weights_hash}


def test_decoders_on_one_encoder_are_interpolated_and_exchanged(pair: Pair) -> None:
    composing = pair("unet")
    assert [len(composing.candidates(method)) for method in ("best", "interpolate", "exchange")] == [13, 11, 2]
    assert composing.start is not None
    assert composing.public_encoder == {"public_encoder": composing.start.encoder.weights_hash}


def test_whole_networks_are_interpolated_only(pair: Pair, encoder: Encoder) -> None:
    composing = pair("unet")
    whole = public_unet(encoder, 3, frozen=False, seed=0)
    segmenter = UnetSegmenter(composing.first.card, composing.first.encoder_card, whole)
    whole_pair = dataclasses.replace(composing, first=segmenter, second=segmenter, start=None)
    assert len(whole_pair.candidates("best")) == 11
    with pytest.raises(UserError, match="a wholly trained network fits no other encoder"):
        whole_pair.candidates("exchange")
    assert whole_pair.public_encoder == {}


@pytest.mark.parametrize("kind", ["head", "unet"])
def test_a_model_is_made_of_weights(pair: Pair, kind: str) -> None:
    composing = pair(kind)
    weights = composing.weights_of(composing.first) + 0.5
    made = composing.segmenter(weights)
    np.testing.assert_allclose(composing.weights_of(made), weights, rtol=1e-6, atol=1e-6)
    assert made.card.masks == "unlearned"
    assert list(composing.finetuned(weights, 0)) == []


@pytest.mark.parametrize("kind", ["head", "unet"])
def test_what_one_of_both_forgot_whole_is_left_out(pair: Pair, sample: Dataset, kind: str) -> None:
    case = next(case for case in sample.split("train") if case.is_refined)
    digest = sha256_bytes(case.id.encode())
    plain, composing = pair(kind), pair(kind, other_card(withdrawn=(digest,)))
    assert composing.collected.refined == plain.collected.refined - 1
    assert composing.segmenter(composing.weights_of(composing.first)).card.withdrawn == (digest,)


def test_fine_tuning_learns_from_background_too_but_a_choice_alone_does_not(
    pair: Pair,
) -> None:
    alone, tuned = pair().collected.problem, pair(finetune=3).collected.problem
    assert len(tuned.retain) > len(alone.retain)
    composing = pair(finetune=3)
    start = composing.weights_of(composing.first)
    *_, last = composing.finetuned(start, 3)
    again = composing.collected.problem.loss_and_gradient(last.weights, np.random.default_rng(0))[0]
    assert again < composing.collected.problem.loss_and_gradient(start, np.random.default_rng(0))[0]
