"""A U-Net: the public encoder with a decoder that sees more of the surroundings than a head does.

Its decoder, and if wished its encoder, are fitted on mask labels; `models.unet_weights` tells which weights those are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_unlearn.models.encoder import Encoder, EncoderCard, known_architecture
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.segmenter import ModelCard

# Half as wide as usual: a few dozen small images neither need nor support more.
DECODER_CHANNELS = (128, 64, 32, 16, 8)


class Unet(nn.Module):
    """The network, with the colour normalisation of its encoder.

    Parameters
    ----------
    card : EncoderCard
        Architecture and colour normalisation of the encoder.
    classes : int
        Background included.
    frozen : bool
        Whether the encoder stays as it is, statistics of its normalisation layers included.

    Raises
    ------
    UserError
        The architecture is unknown.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, card: EncoderCard, classes: int, frozen: bool) -> None:
        import segmentation_models_pytorch as smp

        super().__init__()
        with known_architecture(card.name):
            self.layers = smp.Unet(card.name, encoder_weights=None, decoder_channels=DECODER_CHANNELS, classes=classes)
        self.frozen = frozen
        self.layers.encoder.requires_grad_(not frozen)
        self.register_buffer("mean", torch.tensor(card.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(card.std).view(1, 3, 1, 1), persistent=False)
        self.to(memory_format=torch.channels_last)
        self.eval()

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.mean.device

    def train(self, mode: bool = True) -> Unet:
        """Switch between training and evaluation; a frozen encoder stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.layers.encoder.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Compute class scores.

        Parameters
        ----------
        images : Tensor of uint8, or of float32 from 0 to 1, shape (N, 3, H, W)
            RGB images; H and W are multiples of 32.

        Returns
        -------
        Tensor of float32, shape (N, classes, H, W)
            Differentiable in images of float32.
        """
        coloured = images if images.is_floating_point() else images.float() / 255
        x = (coloured - self.mean) / self.std
        scores: Tensor = self.layers(x.contiguous(memory_format=torch.channels_last))
        return scores

    def stored_state(self) -> dict[str, Tensor]:
        """Weights as files hold them; ``smp.Unet`` of the same shape loads them as they are."""
        return {k: v.detach().cpu().contiguous() for k, v in self.layers.state_dict().items()}


@dataclass(eq=False)
class UnetSegmenter:
    """A U-Net as a segmenter.

    Attributes
    ----------
    card : ModelCard
        Facts; `ModelCard.trainable` is ``decoder`` or ``all``.
    encoder_card : EncoderCard
        Where its encoder comes from; not public once everything was trained.
    network : Unet
        In evaluation mode.
    """

    card: ModelCard
    encoder_card: EncoderCard
    network: Unet

    @torch.inference_mode()
    def logits(self, image: NDArray[np.uint8]) -> Tensor:
        """Class scores of one image.

        Parameters
        ----------
        image : ndarray of uint8, shape (H, W, 3)
            RGB.

        Returns
        -------
        Tensor of float32, shape (K + 1, h, w)
            On the CPU.
        """
        grid = image_to_grid(image, self.card.size)
        scores: Tensor = self.network(grid[None].to(self.network.device))
        return scores[0].cpu()

    def composed_logits(self, image: NDArray[np.uint8]) -> Tensor:
        """The same as `logits`: nothing is kept of any image."""
        return self.logits(image)


def public_unet(encoder: Encoder, classes: int, frozen: bool, seed: int) -> Unet:
    """U-Net that no mask label has touched: a public encoder and a decoder of random weights.

    Parameters
    ----------
    encoder : Encoder
        Its weights are copied.
    classes : int
        Background included.
    frozen : bool
        Whether the encoder stays as it is.
    seed : int
        Of the decoder's weights.

    Returns
    -------
    Unet
        On the CPU, in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Unet(encoder.card, classes, frozen)
    network.layers.encoder.load_state_dict(encoder.backbone.state_dict())
    return network
