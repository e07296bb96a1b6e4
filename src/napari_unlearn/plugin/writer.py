"""*File > Save Selected Layers*: a Labels layer as a mask of class ids, as this package and others read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_unlearn.data.encode import write_mask
from napari_unlearn.errors import UserError

LARGEST = 254  # 255 stands for "lesion" where there is nothing else but 0


def write_labels(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Save a Labels layer as 8-bit grey PNG, whole or not at all.

    Parameters
    ----------
    path : str
        Destination.
    data : array_like of int or bool, shape (H, W)
        Class ids from 0 to 254.
    attributes : mapping
        What else napari knows of the layer; a PNG holds none of it.

    Returns
    -------
    list of str
        What was written.

    Raises
    ------
    UserError
        The layer is no such mask, or the disk refuses the file; the file that was there stays.
    """
    labels = np.asarray(data)
    name = attributes.get("name", "The layer")
    if labels.ndim != 2 or labels.size == 0:
        raise UserError(f"{name} has the shape {labels.shape}, but a mask has two sides; save one image at a time.")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high > LARGEST:
        worst = high if high > LARGEST else low
        raise UserError(f"{name} holds the label {worst}, but class ids are 0 to {LARGEST}; change that label.")
    write_mask(Path(path), labels.astype(np.uint8))
    return [path]
