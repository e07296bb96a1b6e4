"""A model as one network from pixels to class scores, with the normalisation inside, for formats that hold a graph."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from napari_unlearn.export.pixel_head import read_out
from napari_unlearn.models.encoder import EncoderCard
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import UnetSegmenter


class ScoreNetwork(nn.Module):
    """From pixels to class scores.

    Parameters
    ----------
    layers : Module
        From normalised images to class scores.
    card : EncoderCard
        Says how images are normalised.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, layers: nn.Module, card: EncoderCard) -> None:
        super().__init__()
        self.layers = layers
        self.register_buffer("mean", torch.tensor(card.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(card.std).view(1, 3, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Compute class scores.

        Parameters
        ----------
        image : Tensor of uint8, shape (N, 3, H, W)
            RGB; H and W are multiples of 32.

        Returns
        -------
        Tensor of float32, shape (N, classes, H, W)
        """
        scores: Tensor = self.layers((image.float() / 255 - self.mean) / self.std)
        return scores


class FoldedHead(nn.Module):
    """The pixel head with its standardiser folded into the weights, so that a graph holds no float64.

    Parameters
    ----------
    segmenter : HeadSegmenter
        It is copied.
    """

    bias: Tensor

    def __init__(self, segmenter: HeadSegmenter) -> None:
        super().__init__()
        self.encoder = copy.deepcopy(segmenter.encoder.backbone)
        weights, bias = segmenter.head.folded()
        self.weights = nn.ParameterList(weights)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        """Compute class scores of normalised images, (N, 3, H, W) float32."""
        return read_out(self.encoder(x), list(self.weights), self.bias)


def score_network(segmenter: HeadSegmenter | UnetSegmenter) -> ScoreNetwork:
    """Copy a model into one network.

    Parameters
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        On the CPU; it is not changed.

    Returns
    -------
    ScoreNetwork
        In evaluation mode, without gradients.
    """
    if isinstance(segmenter, HeadSegmenter):
        layers, card = FoldedHead(segmenter), segmenter.encoder.card
    else:
        layers, card = copy.deepcopy(segmenter.network.layers), segmenter.encoder_card
    network = ScoreNetwork(layers, card).to(memory_format=torch.contiguous_format)
    return network.requires_grad_(False).eval()
