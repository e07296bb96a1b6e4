"""What the layers of a model make of an image, at a few places each."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import UnetSegmenter

Layers = dict[str, NDArray[np.float32]]
_SIDE = 8


@torch.inference_mode()
def layers_of(segmenter: HeadSegmenter | UnetSegmenter, image: NDArray[np.uint8]) -> Layers:
    """Compute the features of every layer that two models of a kind have in common.

    Parameters
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        The model.
    image : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    dict of str to ndarray of float32, shape (64, channels)
        Means over the cells of an 8 x 8 grid, by name of the layer, from the image to the class scores.
    """
    grid = image_to_grid(image, segmenter.card.size)[None]
    if isinstance(segmenter, HeadSegmenter):
        levels = [level[None].float() for level in segmenter.cache.compute(grid)[0]]
        named = {f"encoder {2**place}": level for place, level in enumerate(levels) if place}
        return _pooled({**named, "scores": segmenter.head.logits(levels)})
    network = segmenter.network
    found: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                found[name] = output
            else:
                found.update({f"encoder {2**place}": level for place, level in enumerate(output) if place})

        return hook

    layers = network.layers
    blocks = [(f"decoder {place}", block) for place, block in enumerate(layers.decoder.blocks.children(), 1)]
    handles = [
        module.register_forward_hook(keep(name))
        for name, module in (("encoder", layers.encoder), *blocks, ("scores", layers.segmentation_head))
    ]
    try:
        network(grid.to(network.device))
    finally:
        for handle in handles:
            handle.remove()
    return _pooled(found)


def _pooled(layers: dict[str, Tensor]) -> Layers:
    cells = {name: functional.adaptive_avg_pool2d(layer.float().cpu(), _SIDE)[0] for name, layer in layers.items()}
    return {name: cell.flatten(1).T.numpy() for name, cell in cells.items()}
