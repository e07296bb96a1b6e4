"""A linear head for every pixel, on the maps of a convolutional encoder.

This file goes with exported models as it is: it needs torch and segmentation-models-pytorch, and nothing else of the
package that it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence

import segmentation_models_pytorch as smp
import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import Tensor, nn
from torch.nn import functional


class PixelHead(nn.Module, PyTorchModelHubMixin):
    """Softmax regression on all maps of an encoder, each read at the pixel by bilinear interpolation.

    Parameters
    ----------
    encoder_name : str
        Architecture, as segmentation-models-pytorch names it; no weights are downloaded.
    classes : int
        Background included.
    """

    def __init__(self, encoder_name: str, classes: int) -> None:
        super().__init__()
        self.encoder = smp.encoders.get_encoder(encoder_name, weights=None)
        features = sum(self.encoder.out_channels)
        self.head = nn.Module()
        self.head.register_buffer("weights", torch.zeros(classes, features + 1, dtype=torch.float64))
        self.head.register_buffer("mean", torch.zeros(features, dtype=torch.float64))
        self.head.register_buffer("std", torch.ones(features, dtype=torch.float64))
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Compute class scores.

        Parameters
        ----------
        x : Tensor of float32, shape (N, 3, H, W)
            RGB images, normalised; H and W are multiples of 32.

        Returns
        -------
        Tensor of float32, shape (N, classes, H, W)
        """
        # The weights hold for features of mean 0 and spread 1, the bias is their last column.
        weights, mean, std = (self.head.get_buffer(name) for name in ("weights", "mean", "std"))
        raw = weights[:, :-1] / std
        bias = weights[:, -1] - raw @ mean
        return read_out(self.encoder(x), torch.split(raw.float(), list(self.encoder.out_channels), dim=1), bias.float())


def read_out(levels: Sequence[Tensor], weights: Sequence[Tensor], bias: Tensor) -> Tensor:
    """Weigh every map at its own resolution and add up the class scores at that of the first.

    Parameters
    ----------
    levels : sequence of Tensor, shape (N, C_l, H_l, W_l)
        Maps of the encoder.
    weights : sequence of Tensor, shape (classes, C_l)
        One block a map.
    bias : Tensor, shape (classes,)
        Added everywhere.

    Returns
    -------
    Tensor, shape (N, classes, H_0, W_0)
    """
    scores = bias[None, :, None, None]
    for level, weight in zip(levels, weights, strict=True):
        # The head was fitted on maps of half precision.
        part = functional.conv2d(level.half().float(), weight[:, :, None, None])
        size = levels[0].shape[-2:]
        scores = scores + functional.interpolate(part, size=size, mode="bilinear", align_corners=False)
    return scores
