"""Normalisation layers of a network whose weights change: their running statistics are never carried over.

A running mean is no parameter: no gradient reaches it and no clip bounds it, yet behind a layer that labels trained it
carries what the labels taught. So steps use the statistics of each batch, and after the last change to the weights the
running ones are computed anew from images. A frozen encoder keeps its public statistics throughout.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from napari_unlearn.models.images_at_once import images_at_once
from napari_unlearn.models.unet import Unet

BATCH = 8
"""Images whose statistics are taken together; fewer make them erratic, so that only want of memory makes it fewer."""


def trained_norms(network: Unet) -> list[_BatchNorm]:
    """Batch normalisation layers behind weights that labels may touch.

    Parameters
    ----------
    network : Unet
        Any.

    Returns
    -------
    list of torch.nn.modules.batchnorm._BatchNorm
    """
    frozen = set(network.layers.encoder.modules()) if network.frozen else set()
    return [layer for layer in network.modules() if isinstance(layer, _BatchNorm) and layer not in frozen]


def use_batch_statistics(network: Unet) -> Unet:
    """Let trained layers normalise with the batch at hand, and everything else work as when predicting.

    Parameters
    ----------
    network : Unet
        It is changed: what its layers ran up so far is gone.

    Returns
    -------
    Unet
        The same one.
    """
    network.eval()
    for layer in trained_norms(network):
        layer.reset_running_stats()
        layer.train()
    return network


@torch.no_grad()
def recompute_statistics(network: Unet, images: Sequence[Tensor]) -> Unet:
    """Compute the running statistics of trained layers anew; the old ones have no part in it.

    Parameters
    ----------
    network : Unet
        It is changed, and left in evaluation mode.
    images : sequence of Tensor of uint8, shape (3, h, w)
        Images without any label; the mean over batches of one shape is taken.

    Returns
    -------
    Unet
        The same one.
    """
    layers = trained_norms(use_batch_statistics(network))
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        # Without a momentum torch takes the plain mean over batches.
        layer.momentum = None
    for shape in sorted({tuple(image.shape) for image in images}):
        members = [image for image in images if tuple(image.shape) == shape]
        count = images_at_once(BATCH)
        for start in range(0, len(members), count):
            network(torch.stack(full_batch(members[start : start + count])).to(network.device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    network.eval()
    return network


def full_batch(items: Sequence[Tensor]) -> list[Tensor]:
    """Repeat the items of a short batch until it is full.

    Parameters
    ----------
    items : sequence of Tensor
        At least one.

    Returns
    -------
    list of Tensor
        At least `BATCH`, or fewer where memory is short.
    """
    return [items[int(i)] for i in np.resize(np.arange(len(items)), max(images_at_once(BATCH), len(items)))]
