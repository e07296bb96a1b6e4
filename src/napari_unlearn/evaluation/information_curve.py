"""What masks of each coarseness would tell about the artefacts of a data set, from the cases that have a fine mask."""

from __future__ import annotations

import numpy as np

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation.evaluate import common_shape, nearest
from napari_unlearn.evaluation.leakage import SPURIOUS
from napari_unlearn.leakage.information_curve import CurvePoint, information_curve
from napari_unlearn.masks import coarsen_box, coarsen_dilate

RADII = (0.08, 0.04, 0.02, 0.01)
"""How far masks are grown, as a share of the longer side of the image."""

FEWEST_CASES = 5


def curve_of(dataset: Dataset, resamples: int = 200) -> tuple[list[CurvePoint], int]:
    """Measure the curve of a data set, from boxes to exact masks.

    Coarse masks are made from the fine ones, so that all coarsenesses are measured on the same cases.

    Parameters
    ----------
    dataset : Dataset
        With fine masks and artefact maps.
    resamples : int
        Bootstrap resamples of images.

    Returns
    -------
    tuple of list of CurvePoint and int
        Coarsest first, and how many cases were used.

    Raises
    ------
    UserError
        Fewer than five cases have both a fine mask and an artefact map.
    """
    found = [(case.fine(), case.artefacts()) for case in dataset.refined()]
    known = [(fine, flags) for fine, flags in found if fine is not None and flags is not None]
    if len(known) < FEWEST_CASES:
        raise UserError(
            f"{dataset.root} has {len(known)} cases with both a fine mask and an artefact map, too few to tell; "
            f"refine cases until there are {FEWEST_CASES} or more."
        )
    shape = common_shape([fine.shape for fine, _ in known])
    truth = np.stack([nearest(fine, shape) for fine, _ in known])
    spurious = np.stack([(nearest(flags, shape) & SPURIOUS) > 0 for _, flags in known])
    side = max(shape)
    coarse = {"box": np.stack([coarsen_box(mask) for mask in truth])}
    for radius in RADII:
        coarse[f"{radius:.0%} wider"] = np.stack([coarsen_dilate(mask, radius * side) for mask in truth])
    coarse["exact"] = truth
    classes = range(1, len(dataset.classes))
    return information_curve(spurious, truth, coarse, classes=classes, resamples=resamples), len(known)
