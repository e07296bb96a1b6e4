"""Finding the public start of a U-Net."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.errors import UserError
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.unet import UnetSegmenter, public_unet
from napari_unlearn.models.unet_weights import weights_of
from napari_unlearn.operators import public_start as module
from napari_unlearn.operators.public_start import public_start


@pytest.fixture
def decoder(unet: Path) -> UnetSegmenter:
    return load_segmenter(unet)


@pytest.fixture
def whole(decoder: UnetSegmenter, encoder: Encoder) -> Callable[..., UnetSegmenter]:
    def make(**card: Any) -> UnetSegmenter:
        facts = dataclasses.replace(decoder.card, trainable="all", **card)
        network = public_unet(encoder, 3, frozen=False, seed=1)
        return UnetSegmenter(facts, encoder.card.fitted_on("coarse", "sample"), network)

    return make


def offline(name: str) -> Encoder:
    raise UserError(f"{name} cannot be downloaded from here.")


def test_a_frozen_encoder_is_taken_from_the_model(decoder: UnetSegmenter, encoder: Encoder) -> None:
    start = public_start(decoder, None, seed=4)
    assert start is not None
    assert start.unaltered
    assert start.encoder.weights_hash == encoder.weights_hash
    np.testing.assert_array_equal(weights_of(start.network), weights_of(public_unet(encoder, 3, True, seed=4)))
    assert not np.array_equal(weights_of(start.network), weights_of(decoder.network))


def test_an_altered_encoder_is_noticed(decoder: UnetSegmenter) -> None:
    with torch.no_grad():
        next(p for p in decoder.network.layers.encoder.parameters() if p.ndim > 1).mul_(1 + 1e-6)
    start = public_start(decoder, None, seed=0)
    assert start is not None
    assert not start.unaltered


def test_a_named_encoder_is_the_start_of_a_whole_network(
    whole: Callable[..., UnetSegmenter], encoder: Encoder, encoder_file: Path
) -> None:
    start = public_start(whole(), str(encoder_file), seed=4)
    assert start is not None
    np.testing.assert_array_equal(weights_of(start.network), weights_of(public_unet(encoder, 3, False, seed=4)))


def test_an_encoder_of_another_kind_is_refused(whole: Callable[..., UnetSegmenter]) -> None:
    with pytest.raises(UserError, match="does not fit this model, which has a tu-test_efficientnet; name the encoder"):
        public_start(whole(), "shipped", seed=0)


def test_only_a_whole_network_needs_one_to_be_named(decoder: UnetSegmenter, encoder_file: Path) -> None:
    with pytest.raises(UserError, match="Only a model that was trained as a whole .* leave --public-encoder out"):
        public_start(decoder, str(encoder_file), seed=0)


@pytest.mark.parametrize("source", ["shipped_encoder", "imagenet_encoder"])
def test_it_is_found_by_the_digest_in_the_card(
    whole: Callable[..., UnetSegmenter], encoder: Encoder, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setattr(module, "imagenet_encoder", offline)
    assert public_start(whole(public_encoder=encoder.weights_hash), None, seed=0) is None
    monkeypatch.setattr(module, source, lambda *_: encoder)
    start = public_start(whole(public_encoder=encoder.weights_hash), None, seed=0)
    assert start is not None
    assert start.encoder is encoder
    assert public_start(whole(public_encoder=64 * "0"), None, seed=0) is None
    assert public_start(whole(), None, seed=0) is None
