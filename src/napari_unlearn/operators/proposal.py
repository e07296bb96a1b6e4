"""Propose fine masks where nobody has drawn one yet, for a person to confirm.

A model fitted on coarse masks is less sure of the background that they take in than of the lesion. So a pixel inside
the coarse mask is proposed as background when its label flips to background within a given reach: the largest change of
any standardised feature, in standard deviations, in one signed step towards background.

No search is needed for a head. With weights W, scores z and probabilities p of a pixel, the step is u = -sign(W^T (p -
e_0)) without the bias, and the scores after a step of size b are z + b W u, whatever the features. Hence the smallest b
with background on top follows from z alone. With one lesion class u is the same everywhere and b is the margin divided
by the L1 norm of the difference of the two rows of W: then b is exactly the L-infinity distance to the boundary, and as
all pixels move alike it makes no difference that they share coarse features.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.models.segmenter import HeadSegmenter, Segmenter

_BLOCK = 8192  # pixels at a time: with 1452 features their signs take 48 MB
_CANDIDATES = 64
_NEVER = 1e6  # for a pixel that no reach turns into background; finite, so that maps can be interpolated


def background_distance(scores: Tensor, weights: NDArray[np.float64]) -> Tensor:
    """Smallest signed step towards background that makes it the most probable class.

    Parameters
    ----------
    scores : Tensor of float32, shape (K + 1, h, w)
        Class scores.
    weights : ndarray of float64, shape (K + 1, F + 1)
        The head that gave them; the last column is the bias.

    Returns
    -------
    Tensor of float32, shape (h, w)
        In standard deviations of a feature; 0 where background is the most probable class already, 1e6 where this step
        never makes it so.
    """
    rows = torch.from_numpy(weights[:, :-1]).to(scores)
    distance = torch.zeros(scores.shape[1:])
    lesion = scores.argmax(0) > 0
    if lesion.any():
        blocks = torch.split(scores[:, lesion].T, _BLOCK)
        distance[lesion] = torch.cat([_distance(block, rows) for block in blocks])
    return distance


def _distance(scores: Tensor, rows: Tensor) -> Tensor:
    error = torch.softmax(scores, dim=1)
    # p_0 - 1 as a sum: in single precision the difference would be lost where background is all but certain.
    error[:, 0] = -error[:, 1:].sum(dim=1)
    gained = -torch.sign(error @ rows) @ rows.T
    gained, behind = gained[:, :1] - gained[:, 1:], scores[:, 1:] - scores[:, :1]
    overtaking = gained > 0
    distance = torch.where(overtaking, behind / gained, 0.0).amax(dim=1).clamp(min=0)
    # A class that gains on background along the way must stay below it to the end.
    stays = overtaking | (behind - distance[:, None] * gained <= 0)
    return torch.where(stays.all(dim=1), distance, _NEVER)


def distance_map(segmenter: Segmenter, case: Case) -> NDArray[np.float32]:
    """`background_distance` of every pixel of a case.

    Parameters
    ----------
    segmenter : Segmenter
        A head on a frozen encoder.
    case : Case
        Only its image is read.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Computed on the working grid, then interpolated.

    Raises
    ------
    UserError
        The model is a U-Net.
    """
    if not isinstance(segmenter, HeadSegmenter):
        raise UserError(
            "Fine masks can only be proposed by a head on a frozen encoder, and this model is a U-Net; train a model "
            "with --trainable head."
        )
    image = case.image()
    distance = background_distance(segmenter.logits(image), segmenter.head.weights)
    if distance.shape != image.shape[:2]:
        distance = functional.interpolate(
            distance[None, None], size=image.shape[:2], mode="bilinear", align_corners=False
        )[0, 0]
    return distance.numpy()


def proposed(coarse: NDArray[np.uint8], distance: NDArray[np.float32], reach: float) -> NDArray[np.uint8]:
    """Coarse mask without the pixels that background is within reach of.

    Parameters
    ----------
    coarse : ndarray of uint8, shape (H, W)
        Class ids.
    distance : ndarray of float32, shape (H, W)
        From `distance_map`.
    reach : float
        In the unit of `distance`; 0 leaves out what the model calls background anyway.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Class ids; contained in the coarse mask.
    """
    return np.where(distance > reach, coarse, 0).astype(np.uint8)


def propose(segmenter: Segmenter, case: Case, reach: float) -> NDArray[np.uint8]:
    """Propose the fine mask of a case.

    Parameters
    ----------
    segmenter : Segmenter
        A head on a frozen encoder.
    case : Case
        With a coarse mask; a fine one is not looked at.
    reach : float
        See `proposed`; `fitted_reach` finds it from refined cases.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Class ids; contained in the coarse mask.

    Raises
    ------
    UserError
        The case has no coarse mask, or the model is a U-Net.
    """
    return proposed(case.coarse(), distance_map(segmenter, case), reach)


def fitted_reach(segmenter: Segmenter, cases: Iterable[Case]) -> float:
    """Reach with which proposals overlap best with the fine masks that there are.

    Parameters
    ----------
    segmenter : Segmenter
        A head on a frozen encoder.
    cases : iterable of Case
        Those that are refined are looked at.

    Returns
    -------
    float
        The one of 64 candidates with the largest mean Dice of lesion against background.

    Raises
    ------
    UserError
        No case is refined and shows a lesion, or the model is a U-Net.
    """
    known = []
    for case in cases:
        fine = case.fine()
        if fine is not None and case.coarse_path is not None and fine.any():
            inside = case.coarse() > 0
            # Sorted distances with the lesion below each of them: what any reach leaves follows by looking up.
            distance, lesion = distance_map(segmenter, case)[inside], fine[inside] > 0
            order = np.argsort(distance)
            known.append((distance[order], np.cumsum(lesion[order]), int(np.count_nonzero(fine))))
    if not known:
        raise UserError("Refine at least one case that shows a lesion first; the others are proposed in its likeness.")
    shares = np.linspace(0, 1, _CANDIDATES)
    candidates = np.quantile(np.concatenate([distance for distance, _, _ in known]), shares, method="lower")
    dice = np.zeros(len(candidates))
    for distance, lesion, size in known:
        dropped = np.searchsorted(distance, candidates, side="right")
        missed = np.where(dropped > 0, lesion[np.maximum(dropped - 1, 0)], 0)
        hits = lesion[-1] - missed
        dice += 2 * hits / (len(distance) - dropped + size)
    return float(candidates[int(dice.argmax())])
