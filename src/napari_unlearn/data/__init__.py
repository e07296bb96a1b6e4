"""Disk to case and back: data set folders, published layouts, safe decoding. Knows no torch and no Qt."""

from __future__ import annotations

from napari_unlearn.data.artefacts import ARTEFACT_NAMES
from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset, fine_path_for, open_dataset
from napari_unlearn.data.decode import image_shape, read_image, read_mask
from napari_unlearn.data.encode import write_mask

__all__ = [
    "ARTEFACT_NAMES",
    "Case",
    "Dataset",
    "fine_path_for",
    "image_shape",
    "open_dataset",
    "read_image",
    "read_mask",
    "write_mask",
]
