"""Models as one network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.export.network import score_network
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.grid import image_to_grid


@pytest.mark.parametrize("kind", ["model", "unet"])
def test_it_scores_pixels_as_the_model_does(kind: str, sample: Dataset, request: pytest.FixtureRequest) -> None:
    segmenter = load_segmenter(Path(request.getfixturevalue(kind)))
    network, image = score_network(segmenter), sample.cases[0].image()
    pixels = image_to_grid(image, segmenter.card.size)[None]
    with torch.no_grad():
        torch.testing.assert_close(network(pixels)[0], segmenter.composed_logits(image), atol=2e-3, rtol=1e-3)
    floating = [value for value in network.state_dict().values() if value.is_floating_point()]
    assert {value.dtype for value in floating} == {torch.float32}


def test_the_model_is_left_as_it_is(unet: Path) -> None:
    segmenter = load_segmenter(unet)
    layers = segmenter.network.layers  # type: ignore[union-attr]
    before = [parameter.requires_grad for parameter in layers.parameters()]
    with torch.no_grad():
        next(score_network(segmenter).parameters()).zero_()
    assert [parameter.requires_grad for parameter in layers.parameters()] == before
    assert next(layers.parameters()).any()
