"""Which labelled pixels of a case are kept, and which have to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_unlearn.masks.class_ids import BoolMask, class_ids
from napari_unlearn.masks.nesting import dilation_artefacts


@dataclass(frozen=True, eq=False)
class PixelSplit:
    """The pixels of one case, each either retained or forgotten; all arrays are bool and of the shape of the masks.

    Attributes
    ----------
    retain
        Pixels whose coarse label is kept.
    forget
        Pixels whose coarse label must leave no trace: exactly those that are not retained.
    corrected
        Forgotten pixels for which a person gave a fine label, background. An operator may train on that label, since no
        coarse label has touched it.
    unknown
        Forgotten pixels that nobody looked at: they have no label that an operator may use.
    """

    retain: BoolMask
    forget: BoolMask
    corrected: BoolMask
    unknown: BoolMask


def split_pixels(coarse: npt.ArrayLike, fine: npt.ArrayLike | None) -> PixelSplit:
    """Divide the pixels of a case into those to retain and those to forget.

    A refined case forgets its dilation artefacts and retains everything else. A case without a fine mask retains what
    lies outside the coarse mask, which is background for certain because a fine mask is contained in the coarse one;
    everything inside is unknown and counts as forgotten.

    Parameters
    ----------
    coarse
        Class ids, bool or integer.
    fine
        Class ids of the same shape, or None for a case that was not refined.

    Returns
    -------
    PixelSplit
        `retain` and `forget` partition the pixels, and `corrected` and `unknown` partition `forget`.

    Raises
    ------
    ValueError
        The shapes differ, the values are not whole numbers, or one is negative.
    """
    if fine is None:
        inside: BoolMask = class_ids("coarse mask", coarse) != 0
        return PixelSplit(retain=~inside, forget=inside, corrected=np.zeros_like(inside), unknown=inside.copy())
    artefacts = dilation_artefacts(coarse, fine)
    return PixelSplit(retain=~artefacts, forget=artefacts, corrected=artefacts.copy(), unknown=np.zeros_like(artefacts))
