"""The network and the segmenter made of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.segmenter import ModelCard, predict_mask
from napari_unlearn.models.unet import DECODER_CHANNELS, Unet, UnetSegmenter, public_unet

IMAGES = torch.randint(256, (2, 3, 64, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def moved(network: Unet) -> set[str]:
    """First words of everything that one training step changes, weights and statistics alike."""
    before = {k: v.clone() for k, v in network.layers.state_dict().items()}
    trained = [p for p in network.parameters() if p.requires_grad]
    network.train()
    network(IMAGES).square().mean().backward()
    torch.optim.SGD(trained, lr=0.1).step()
    return {k.split(".")[0] for k, v in network.layers.state_dict().items() if not torch.equal(v, before[k])}


def test_it_starts_from_the_public_encoder(encoder: Encoder) -> None:
    network = public_unet(encoder, 3, frozen=True, seed=0)
    assert not network.training
    for name, value in encoder.backbone.state_dict().items():
        assert torch.equal(network.layers.encoder.state_dict()[name], value)
    maps = network.layers.encoder(((IMAGES / 255 - encoder.mean) / encoder.std).contiguous())
    for one, other in zip(maps, encoder(IMAGES), strict=True):
        torch.testing.assert_close(one, other.clone())
    assert network(IMAGES).shape == (2, 3, 64, 32)


def test_colours_are_normalised_as_the_encoder_was_made_for(encoder: Encoder) -> None:
    network = public_unet(encoder, 2, frozen=True, seed=0)
    wanted = network.layers((IMAGES / 255 - encoder.mean) / encoder.std)
    torch.testing.assert_close(network(IMAGES), wanted)
    other = Unet(dataclasses.replace(encoder.card, mean=(0.0, 0.0, 0.0)), 2, frozen=True)
    other.layers.load_state_dict(network.layers.state_dict())
    assert not torch.allclose(other(IMAGES), wanted, atol=1e-3)


def test_images_may_be_numbers_from_0_to_1_that_gradients_reach(encoder: Encoder) -> None:
    network = public_unet(encoder, 2, frozen=True, seed=0)
    images = (IMAGES.float() / 255).requires_grad_()
    scores = network(images)
    torch.testing.assert_close(scores, network(IMAGES))
    assert torch.autograd.grad(scores.sum(), images)[0].abs().sum() > 0


def test_a_frozen_encoder_and_its_statistics_stay(encoder: Encoder) -> None:
    assert moved(public_unet(encoder, 3, frozen=True, seed=0)) == {"decoder", "segmentation_head"}


def test_without_frost_everything_moves_but_not_the_encoder_it_was_copied_from(encoder: Encoder) -> None:
    digest = encoder.weights_hash
    before = {k: v.clone() for k, v in encoder.backbone.state_dict().items()}
    assert moved(public_unet(encoder, 3, frozen=False, seed=0)) == {"encoder", "decoder", "segmentation_head"}
    assert all(torch.equal(v, before[k]) for k, v in encoder.backbone.state_dict().items())
    assert encoder.weights_hash == digest


def test_the_seed_draws_the_decoder_and_leaves_other_draws_alone(encoder: Encoder) -> None:
    state = torch.get_rng_state()
    one, same, other = (public_unet(encoder, 3, frozen=True, seed=seed)(IMAGES) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.allclose(one, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_stored_weights_fit_the_library_it_is_made_of(encoder: Encoder) -> None:
    network = public_unet(encoder, 3, frozen=True, seed=0)
    plain = smp.Unet(encoder.card.name, encoder_weights=None, decoder_channels=DECODER_CHANNELS, classes=3).eval()
    plain.load_state_dict(network.stored_state())
    torch.testing.assert_close(plain((IMAGES / 255 - encoder.mean) / encoder.std), network(IMAGES))


@pytest.mark.parametrize("name", ["nothing", "hf-hub:somebody/something", "tu-nothing"])
def test_an_unknown_architecture_is_refused(encoder: Encoder, name: str) -> None:
    with pytest.raises(UserError, match="There is no encoder file or architecture"):
        Unet(dataclasses.replace(encoder.card, name=name), 3, frozen=True)


def test_as_a_segmenter_it_scores_images_of_any_size(encoder: Encoder, sample: Dataset) -> None:
    card = ModelCard(sample.classes, 2, 64, "decoder", "coarse", sample.name, 12, 0)
    segmenter = UnetSegmenter(card, encoder.card, public_unet(encoder, 3, frozen=True, seed=0))
    image = sample.cases[0].image()
    scores = segmenter.logits(image)
    assert scores.shape == (3, 64, 64)
    assert torch.equal(segmenter.composed_logits(image), scores)
    np.testing.assert_array_equal(predict_mask(segmenter, image), scores.argmax(0))
    assert predict_mask(segmenter, image.repeat(2, axis=0)[:100]).shape == (100, 64)
