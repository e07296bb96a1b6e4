"""Artefacts that lie over the lesion: what a two-way split of pixels cannot say.

A pixel of hair or ink inside the fine mask is lesion by its label and artefact by what it shows. Its label is true, so
there is nothing to forget, but what it teaches is how hair looks, not how lesions do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_unlearn.masks.class_ids import BoolMask, class_ids
from napari_unlearn.masks.split import split_pixels


@dataclass(frozen=True, eq=False)
class ThreeWaySplit:
    """The pixels of one case in three parts that cover it and share none; all arrays are bool and of its shape.

    Attributes
    ----------
    forget
        Pixels whose coarse label must leave no trace, as in `PixelSplit`; artefacts beside the lesion that the coarse
        mask took in are among them.
    overlap
        Retained pixels where an artefact lies over the lesion; they may teach, or be left out.
    rest
        All other retained pixels.
    """

    forget: BoolMask
    overlap: BoolMask
    rest: BoolMask


def split_three_ways(
    coarse: npt.ArrayLike, fine: npt.ArrayLike | None, artefacts: npt.ArrayLike | None
) -> ThreeWaySplit:
    """Divide the pixels of a case into those to forget, those under an artefact on the lesion, and the rest.

    Parameters
    ----------
    coarse
        Class ids, bool or integer.
    fine
        Class ids of the same shape, or None for a case that was not refined: nobody knows where its lesion is, so
        nothing overlaps.
    artefacts
        Artefact flags of the same shape, 0 for none; None where nobody mapped them.

    Returns
    -------
    ThreeWaySplit

    Raises
    ------
    ValueError
        The shapes differ, the values are not whole numbers, or one is negative.
    """
    split = split_pixels(coarse, fine)
    overlap: BoolMask = np.zeros_like(split.retain)
    if fine is not None and artefacts is not None:
        flags = class_ids("artefact map", artefacts)
        if flags.shape != split.retain.shape:
            raise ValueError(f"The artefact map has the shape {flags.shape}, but the masks have {split.retain.shape}.")
        overlap = split.retain & (class_ids("fine mask", fine) != 0) & (flags != 0)
    return ThreeWaySplit(split.forget, overlap, split.retain & ~overlap)
