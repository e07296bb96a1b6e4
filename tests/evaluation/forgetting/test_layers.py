"""Features of layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.forgetting.layers import layers_of
from napari_unlearn.models.checkpoint import load_segmenter


def test_layers_go_from_the_encoder_to_the_scores(sample: Dataset, model: Path, unet: Path) -> None:
    image = sample.cases[0].image()
    head, network = (load_segmenter(folder) for folder in (model, unet))
    first, last = layers_of(head, image), layers_of(network, image)
    encoder = [f"encoder {stride}" for stride in (2, 4, 8, 16, 32)]
    assert list(first) == [*encoder, "scores"]
    assert list(last) == [*encoder, *(f"decoder {i}" for i in range(1, 6)), "scores"]
    for found in (first, last):
        assert {features.shape[0] for features in found.values()} == {64}
        assert found["scores"].shape == (64, 3)
        # The mean over all cells of a layer is that of the layer.
        assert all(np.isfinite(features).all() for features in found.values())
    scores = head.logits(image).mean(dim=(1, 2)).numpy()
    np.testing.assert_allclose(first["scores"].mean(axis=0), scores, rtol=1e-3, atol=1e-3)
    assert not network.network.layers.encoder._forward_hooks
