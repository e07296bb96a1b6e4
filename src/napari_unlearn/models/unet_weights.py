"""The trained part of a U-Net as one vector, which is what operators calculate with.

Only parameters that labels may touch are in it: decoder and segmentation head, and the encoder where everything is
trained. The scale and shift of normalisation layers are parameters and belong to it; running statistics do not, see
`models.normalisation`.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_unlearn.models.unet import Unet


def trained_parameters(network: Unet) -> dict[str, nn.Parameter]:
    """Parameters that labels may touch, by name, always in the same order.

    Parameters
    ----------
    network : Unet
        Any.

    Returns
    -------
    dict of str to Parameter
    """
    return {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}


def weights_of(network: Unet) -> NDArray[np.float64]:
    """Read the trained part.

    Parameters
    ----------
    network : Unet
        Any.

    Returns
    -------
    ndarray of float64, shape (d,)
    """
    parts = [parameter.detach().reshape(-1) for parameter in trained_parameters(network).values()]
    return torch.cat(parts).cpu().double().numpy()


def part_of(network: Unet, prefix: str) -> NDArray[np.bool_]:
    """Which entries of the vector belong to one part of the network.

    Parameters
    ----------
    network : Unet
        Any.
    prefix : str
        ``encoder``, ``decoder`` or ``segmentation_head``.

    Returns
    -------
    ndarray of bool, shape (d,)
    """
    parameters = trained_parameters(network).items()
    return np.concatenate([np.full(p.numel(), name.startswith(f"layers.{prefix}.")) for name, p in parameters])


def named_weights(network: Unet, weights: Tensor) -> dict[str, Tensor]:
    """Cut a vector into the parameters of a network, for `torch.func.functional_call`.

    Parameters
    ----------
    network : Unet
        Says names and shapes; it is not changed.
    weights : Tensor, shape (d,)
        Any floating type.

    Returns
    -------
    dict of str to Tensor of float32
        On the device of the network; gradients flow back to `weights`.
    """
    parameters = trained_parameters(network)
    flat = weights.to(network.device, torch.float32)
    parts = torch.split(flat, [parameter.numel() for parameter in parameters.values()])
    return {name: part.view(p.shape) for (name, p), part in zip(parameters.items(), parts, strict=True)}


def with_weights(network: Unet, weights: NDArray[np.float64]) -> Unet:
    """Copy a network and give the copy other weights.

    Parameters
    ----------
    network : Unet
        It is not changed.
    weights : ndarray of float64, shape (d,)
        Rounded to float32.

    Returns
    -------
    Unet
    """
    made = copy.deepcopy(network)
    with torch.no_grad():
        for name, value in named_weights(made, torch.from_numpy(weights)).items():
            made.get_parameter(name).copy_(value)
    return made
