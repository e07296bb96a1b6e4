"""A linear head for every pixel on the maps of a frozen encoder.

The head is a softmax regression on the concatenation of all levels, each read at the pixel by bilinear interpolation.
Because reading and weighting are both linear they commute: prediction applies the weights level by level at the level's
own resolution and interpolates only the few class scores, never the thousands of features.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Mean and spread of every feature, taken from images alone, without any label.

    Attributes
    ----------
    mean, std : ndarray of float64, shape (F,)
        Over pixels of training images.
    """

    mean: FloatArray
    std: FloatArray

    def apply(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standardise and append the constant 1 of the bias.

        Parameters
        ----------
        features : ndarray of float32, shape (n, F)
            Raw features.

        Returns
        -------
        ndarray of float32, shape (n, F + 1)
        """
        out = np.empty((len(features), features.shape[1] + 1), np.float32)
        np.subtract(features, self.mean, out=out[:, :-1], casting="same_kind")
        out[:, :-1] /= self.std.astype(np.float32)
        out[:, -1] = 1
        return out


@dataclass(frozen=True, eq=False)
class PixelHead:
    """Weights of the softmax regression.

    Attributes
    ----------
    weights : ndarray of float64, shape (K + 1, F + 1)
        One row a class, background first; the last column is the bias; on standardised features.
    standardiser : Standardiser
        What to do to raw features first.
    channels : tuple of int
        Channels of each level; they sum to F.
    """

    weights: FloatArray
    standardiser: Standardiser
    channels: tuple[int, ...]

    def folded(self) -> tuple[list[Tensor], Tensor]:
        """Weights per level and bias for raw features, the standardiser folded in.

        Returns
        -------
        weights : list of Tensor of float32, shape (K + 1, C_l)
        bias : Tensor of float32, shape (K + 1,)
        """
        raw = self.weights[:, :-1] / self.standardiser.std
        bias = self.weights[:, -1] - raw @ self.standardiser.mean
        blocks = np.split(raw, np.cumsum(self.channels)[:-1], axis=1)
        return [torch.from_numpy(b).float() for b in blocks], torch.from_numpy(bias).float()

    def logits(self, levels: Sequence[Tensor]) -> Tensor:
        """Class scores on the grid of the finest level.

        Parameters
        ----------
        levels : sequence of Tensor, shape (N, C_l, H_l, W_l)
            Maps of the encoder.

        Returns
        -------
        Tensor of float32, shape (N, K + 1, H, W)
        """
        weights, bias = self.folded()
        height, width = levels[0].shape[-2:]
        device = levels[0].device
        total = bias.to(device).view(1, -1, 1, 1)
        rows, columns = [], []
        for level, weight in zip(levels, weights, strict=True):
            scores = torch.einsum("kc,nchw->nkhw", weight.to(level.device), level.float())
            if scores.shape[-2:] == (height, width):
                total = total + scores
            else:
                rows.append(_interpolation(scores.shape[-2], height).to(device) @ scores)
                columns.append(_interpolation(scores.shape[-1], width).to(device))
        # Bilinear interpolation is a product with one matrix from each side, and a sum of products is a product again:
        # all levels come to the full size in one step.
        return total + torch.cat(rows, dim=-1) @ torch.cat(columns, dim=-1).T if rows else total


@functools.lru_cache(maxsize=64)
def _interpolation(small: int, large: int) -> Tensor:
    """Weights of linear interpolation along one side, shape (large, small)."""
    with torch.inference_mode(False), torch.no_grad():
        unit = torch.eye(small)[None]
        return functional.interpolate(unit, size=large, mode="linear", align_corners=False)[0].T.contiguous()


def read_pixels(levels: Sequence[Tensor], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float32]:
    """Features of single pixels of one case, interpolated exactly as `PixelHead.logits` does.

    Parameters
    ----------
    levels : sequence of Tensor, shape (C_l, H_l, W_l)
        Maps of one case.
    rows, columns : ndarray of int, shape (n,)
        Pixels of the finest level.

    Returns
    -------
    ndarray of float32, shape (n, F)
    """
    height, width = levels[0].shape[-2:]
    x = (torch.from_numpy(columns.astype(np.float32)) + 0.5) * (2 / width) - 1
    y = (torch.from_numpy(rows.astype(np.float32)) + 0.5) * (2 / height) - 1
    points = torch.stack((x, y), dim=-1).view(1, 1, -1, 2)
    columns_of_features = [
        functional.grid_sample(
            level[None].float(), points, mode="bilinear", padding_mode="border", align_corners=False
        )[0, :, 0]
        for level in levels
    ]
    return torch.cat(columns_of_features).T.contiguous().numpy()


def pooled_pixels(levels: Sequence[Tensor], weights: Tensor) -> FloatArray:
    """Weighted mean of the features of all pixels of one case, each read as `read_pixels` does.

    Parameters
    ----------
    levels : sequence of Tensor, shape (C_l, H_l, W_l)
        Maps of one case.
    weights : Tensor of float32, shape (H, W)
        Of every pixel of the finest level, none below 0.

    Returns
    -------
    ndarray of float64, shape (F,)
        NaN where all weights are 0.
    """
    height, width = weights.shape
    parts = []
    for level in levels:
        # A mean of interpolated values is a mean of the values, with the weights interpolated backwards.
        shares = _interpolation(level.shape[-2], height).T @ weights @ _interpolation(level.shape[-1], width)
        parts.append(torch.einsum("chw,hw->c", level.double(), shares.double()))
    return (torch.cat(parts) / weights.double().sum()).numpy()
