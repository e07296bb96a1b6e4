"""The head that goes with exported models."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional

from napari_unlearn.export.pixel_head import PixelHead, read_out
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import HeadSegmenter


def test_maps_are_weighed_as_if_they_were_read_at_every_pixel() -> None:
    generator = torch.Generator().manual_seed(0)
    levels = [torch.randn(1, c, s, s, generator=generator).half().float() for c, s in ((3, 8), (5, 4), (2, 2))]
    weights = [torch.randn(2, level.shape[1], generator=generator) for level in levels]
    bias = torch.tensor([0.5, -1.0])
    read = [functional.interpolate(level, size=(8, 8), mode="bilinear", align_corners=False) for level in levels]
    dense = torch.einsum("kc,nchw->nkhw", torch.cat(weights, 1), torch.cat(read, 1)) + bias[None, :, None, None]
    torch.testing.assert_close(read_out(levels, weights, bias), dense)


def test_it_takes_the_weights_of_a_model_as_they_are_stored(model: Path) -> None:
    segmenter = load_segmenter(model)
    assert isinstance(segmenter, HeadSegmenter)
    head = PixelHead(segmenter.encoder.card.name, len(segmenter.card.classes))
    head.load_state_dict(load_file(model / "model.safetensors"))
    x = torch.rand(1, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        levels = head.encoder(x)
        torch.testing.assert_close(levels, segmenter.encoder.backbone(x), atol=1e-4, rtol=1e-4)
        # The same maps for both: a last bit of single precision may turn one of half precision.
        wanted = segmenter.head.logits([level.half() for level in levels])
        torch.testing.assert_close(head(x), wanted, atol=1e-5, rtol=1e-5)
