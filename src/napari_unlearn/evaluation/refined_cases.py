"""How a model does on the cases that were refined, quickly: for a choice between many models on the working grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.evaluation.dice import DiceTally
from napari_unlearn.masks import split_pixels
from napari_unlearn.models.grid import image_to_grid, mask_to_grid
from napari_unlearn.models.segmenter import Segmenter, predict_mask
from napari_unlearn.operators.composition import Measured


@dataclass(frozen=True, eq=False)
class GridCase:
    """A refined case on the working grid.

    Attributes
    ----------
    image : ndarray of uint8, shape (h, w, 3)
        RGB.
    fine : ndarray of uint8, shape (h, w)
        Class ids.
    artefact : ndarray of bool, shape (h, w)
        Dilation artefacts: where they lie, not what they were called.
    """

    image: NDArray[np.uint8]
    fine: NDArray[np.uint8]
    artefact: NDArray[np.bool_]


def read_refined(case: Case, size: int) -> GridCase:
    """Read a refined case.

    Parameters
    ----------
    case : Case
        It has a coarse and a fine mask.
    size : int
        Long side of the grid.

    Returns
    -------
    GridCase
    """
    coarse, fine = case.coarse(), case.fine()
    assert coarse is not None
    assert fine is not None
    image = image_to_grid(case.image(), size).permute(1, 2, 0).contiguous().numpy()
    fine = mask_to_grid(fine, size)
    return GridCase(image, fine, split_pixels(mask_to_grid(coarse, size), fine).forget)


def measure(segmenter: Segmenter, cases: Iterable[GridCase]) -> Measured:
    """Measure one model.

    Parameters
    ----------
    segmenter : Segmenter
        Any model.
    cases : iterable of GridCase
        At least one.

    Returns
    -------
    Measured
        A model that finds no lesion where there is none has Dice 1; without any artefact none is left.
    """
    tally = DiceTally(len(segmenter.card.classes))
    left = artefacts = 0
    for case in cases:
        predicted = predict_mask(segmenter, case.image)
        tally.add(predicted, case.fine)
        left += int((predicted[case.artefact] > 0).sum())
        artefacts += int(case.artefact.sum())
    return Measured(1.0 if tally.lesion is None else tally.lesion, left / artefacts if artefacts else 0.0)
