"""What a guarantee about a U-Net needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.jobs.unet_assumptions import unet_assumptions
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.unet import UnetSegmenter, public_unet
from napari_unlearn.operators.public_start import PublicStart, public_start


@pytest.fixture(params=["decoder", "all"])
def parts(
    request: pytest.FixtureRequest, unet: Path, encoder: Encoder, encoder_file: Path
) -> tuple[UnetSegmenter, PublicStart]:
    segmenter = load_segmenter(unet)
    if request.param == "decoder":
        return segmenter, public_start(segmenter, None, 5)  # type: ignore[return-value]
    card = dataclasses.replace(segmenter.card, trainable="all")
    whole = UnetSegmenter(card, encoder.card.fitted_on("coarse", "sample"), public_unet(encoder, 3, False, 0))
    return whole, public_start(whole, str(encoder_file), 5)  # type: ignore[return-value]


def test_all_hold_where_only_what_is_revised_saw_labels(parts: tuple[UnetSegmenter, PublicStart]) -> None:
    found = unet_assumptions(*parts)
    assert all(entry.holds for entry in found)
    text = " ".join(f"{entry.sentence} {entry.checked}" for entry in found)
    assert "with seed 5" in text
    assert "running statistics were computed anew from training images" in text
    assert parts[1].encoder.weights_hash in text


def private(segmenter: UnetSegmenter, start: PublicStart) -> tuple[UnetSegmenter, PublicStart]:
    start.encoder.card = dataclasses.replace(start.encoder.card, public=False)
    return segmenter, start


def half_frozen(segmenter: UnetSegmenter, start: PublicStart) -> tuple[UnetSegmenter, PublicStart]:
    segmenter.network.layers.segmentation_head.requires_grad_(False)
    return segmenter, start


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (private, "No mask label of this data set ever touched the public encoder."),
        (half_frozen, "Every parameter that labels touched is revised."),
        (lambda segmenter, _: (segmenter, None), "Learning can begin at an encoder that no mask label"),
    ],
)
def test_what_does_not_hold_is_said(
    parts: tuple[UnetSegmenter, PublicStart], spoil: Callable[..., Any], sentence: str
) -> None:
    broken = [entry.sentence for entry in unet_assumptions(*spoil(*parts)) if not entry.holds]
    assert len(broken) == 1
    assert broken[0].startswith(sentence)


def test_a_frozen_encoder_must_be_the_public_one(unet: Path) -> None:
    segmenter = load_segmenter(unet)
    start = public_start(segmenter, None, 0)
    assert start is not None
    altered = dataclasses.replace(start, unaltered=False)
    (broken,) = (entry for entry in unet_assumptions(segmenter, altered) if not entry.holds)
    assert "cannot move" in broken.sentence
    segmenter.network.frozen = False
    assert any(not entry.holds for entry in unet_assumptions(segmenter, start))
