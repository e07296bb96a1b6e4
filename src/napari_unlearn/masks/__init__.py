"""Masks as arrays of class ids: nesting, coarsening, and the split into pixels to retain and pixels to forget.

Boundary: numpy and scipy only. Nothing here reads a file, knows a model or draws a picture.
"""

from __future__ import annotations

from napari_unlearn.masks.coarsening import coarsen_box, coarsen_dilate
from napari_unlearn.masks.nesting import constrain, dilation_artefacts, fine_outside_coarse, update_artefacts
from napari_unlearn.masks.split import PixelSplit, split_pixels
from napari_unlearn.masks.three_way import ThreeWaySplit, split_three_ways

__all__ = [
    "PixelSplit",
    "ThreeWaySplit",
    "coarsen_box",
    "coarsen_dilate",
    "constrain",
    "dilation_artefacts",
    "fine_outside_coarse",
    "split_pixels",
    "split_three_ways",
    "update_artefacts",
]
