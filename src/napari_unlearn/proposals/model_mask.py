"""Outline by the model in use: what it predicts, inside the coarse mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.proposals.frame import Bool


def propose(image: NDArray[np.uint8], inside: Bool, model: Path) -> Bool:
    """Find the lesion.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    inside : ndarray of bool, shape (H, W)
        The coarse mask.
    model : Path
        A model folder.

    Returns
    -------
    ndarray of bool, shape (H, W)

    Raises
    ------
    UserError
        The model cannot be used.
    """
    from napari_unlearn.models.checkpoint import load_segmenter
    from napari_unlearn.models.device import find_device
    from napari_unlearn.models.segmenter import predict_mask

    return np.asarray((predict_mask(load_segmenter(model, find_device("auto")), image) > 0) & inside)
