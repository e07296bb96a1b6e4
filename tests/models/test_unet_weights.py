"""The trained part of a U-Net as one vector."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.unet import Unet, public_unet
from napari_unlearn.models.unet_weights import named_weights, part_of, trained_parameters, weights_of, with_weights


@pytest.fixture(scope="module", params=["decoder", "all"])
def network(encoder: Encoder, request: pytest.FixtureRequest) -> Unet:
    return public_unet(encoder, 3, frozen=request.param == "decoder", seed=0)


def test_it_holds_what_labels_may_touch_and_nothing_else(network: Unet) -> None:
    names = {name.split(".")[1] for name in trained_parameters(network)}
    assert names == {"decoder", "segmentation_head"} | (set() if network.frozen else {"encoder"})
    assert any("bn" in name or ".1." in name for name in trained_parameters(network))
    untouched = sum(p.numel() for p in network.layers.encoder.parameters()) if network.frozen else 0
    total = sum(p.numel() for p in network.parameters())
    assert weights_of(network).shape == (total - untouched,)
    assert weights_of(network).dtype == np.float64


def test_reading_and_writing_are_inverse(network: Unet) -> None:
    weights = np.random.default_rng(0).normal(size=weights_of(network).shape).astype(np.float32).astype(float)
    before = weights_of(network)
    other = with_weights(network, weights)
    np.testing.assert_array_equal(weights_of(other), weights)
    np.testing.assert_array_equal(weights_of(network), before)
    for name, value in named_weights(network, torch.from_numpy(weights)).items():
        assert torch.equal(other.get_parameter(name), value)


def test_gradients_reach_every_entry(network: Unet) -> None:
    leaf = torch.from_numpy(weights_of(network)).requires_grad_()
    sum(value.square().sum() for value in named_weights(network, leaf).values()).backward()
    torch.testing.assert_close(leaf.grad, 2 * leaf.detach())


def test_parts_are_disjoint_and_cover_everything(network: Unet) -> None:
    parts = [part_of(network, name) for name in ("encoder", "decoder", "segmentation_head")]
    np.testing.assert_array_equal(sum(part.astype(int) for part in parts), 1)
    assert parts[0].any() == (not network.frozen)
    head = with_weights(network, np.where(parts[2], 7.0, 0.0))
    assert all((p == 7).all() for p in head.layers.segmentation_head.parameters())
    assert all((p == 0).all() for p in head.layers.decoder.parameters())
