"""Statistics of normalisation layers, which must not remember what labels taught."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.normalisation import (
    BATCH,
    full_batch,
    recompute_statistics,
    trained_norms,
    use_batch_statistics,
)
from napari_unlearn.models.unet import Unet, public_unet


def images(count: int = 12, size: int = 32) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return list(torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=generator))


def spoil(network: Unet) -> None:
    """Statistics as another training would have left them."""
    for layer in network.modules():
        if isinstance(layer, _BatchNorm):
            layer.running_mean.fill_(3.0)
            layer.running_var.fill_(5.0)
            layer.num_batches_tracked.fill_(99)


@pytest.mark.parametrize("frozen", [True, False])
def test_the_result_does_not_depend_on_what_was_there(encoder: Encoder, frozen: bool) -> None:
    one, other = (public_unet(encoder, 3, frozen, seed=0) for _ in range(2))
    for layer in trained_norms(other):
        layer.running_mean.fill_(3.0)
        layer.running_var.fill_(5.0)
        layer.num_batches_tracked.fill_(99)
    for network in (one, other):
        recompute_statistics(network, images())
    first, second = one.stored_state(), other.stored_state()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert not one.training


def test_a_frozen_encoder_keeps_its_statistics(encoder: Encoder) -> None:
    network = public_unet(encoder, 3, frozen=True, seed=0)
    public = encoder.backbone.state_dict()
    recompute_statistics(network, images())
    assert all(torch.equal(value, public[k]) for k, value in network.layers.encoder.state_dict().items())
    assert len(trained_norms(network)) < len(trained_norms(public_unet(encoder, 3, frozen=False, seed=0)))


def test_they_are_the_means_over_batches(encoder: Encoder) -> None:
    network = public_unet(encoder, 3, frozen=True, seed=0)
    layer = trained_norms(network)[0]
    seen: list[Tensor] = []
    hook = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    recompute_statistics(network, images(2 * BATCH))
    hook.remove()
    assert [len(x) for x in seen] == [BATCH, BATCH]
    torch.testing.assert_close(layer.running_mean, torch.stack([x.mean((0, 2, 3)) for x in seen]).mean(0))
    torch.testing.assert_close(layer.running_var, torch.stack([x.var((0, 2, 3)) for x in seen]).mean(0))
    assert layer.momentum == 0.1


def test_images_of_other_shapes_count_as_well(encoder: Encoder) -> None:
    square = recompute_statistics(public_unet(encoder, 3, frozen=True, seed=0), images(4))
    both = recompute_statistics(public_unet(encoder, 3, frozen=True, seed=0), images(4) + images(1, 64))
    assert not torch.equal(trained_norms(square)[0].running_mean, trained_norms(both)[0].running_mean)


def test_with_statistics_of_the_batch_running_ones_have_no_say(encoder: Encoder) -> None:
    batch = torch.stack(images(4))
    networks = [public_unet(encoder, 3, frozen=False, seed=0) for _ in range(2)]
    spoil(networks[1])
    for network in networks:
        use_batch_statistics(network)
    torch.testing.assert_close(networks[0](batch), networks[1](batch), rtol=0, atol=0)


def test_a_short_batch_is_filled_up() -> None:
    one, two = torch.tensor(1), torch.tensor(2)
    assert [int(x) for x in full_batch([one, two])] == [1, 2] * (BATCH // 2)
    assert len(full_batch([one] * (BATCH + 1))) == BATCH + 1
