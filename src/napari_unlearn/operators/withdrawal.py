"""Whole cases that are withdrawn: neither their labels nor their images may teach anything any more.

A dilation artefact is a wrong label in an image that stays. A withdrawn case takes its image along, so what was
computed from images alone is computed anew without it: mean and spread of the features of a head (and the head in use
is carried over to them, which is a change of coordinates and not of the function), normalisation statistics of a U-Net.
All other cases are read as if the withdrawn ones had never been there, draw for draw.

The revised model's card keeps a digest of every id, so that whatever starts from that model leaves those cases out too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.data.criterion import chosen_cases
from napari_unlearn.files import sha256_bytes
from napari_unlearn.models.bounded_pixels import ImagePixels, read_images, scale_of
from napari_unlearn.models.head import PixelHead, Standardiser
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.training import image_statistics, masked_cases, read_on_grid


@dataclass(frozen=True)
class Withdrawal:
    """Cases that are forgotten whole, and what becomes of the others.

    Attributes
    ----------
    criterion : str
        How they were chosen.
    cases : tuple of Case
        The withdrawn ones; each has a mask that taught.
    keep_coarse : bool
        Whether the unrefined cases among the others teach with their coarse labels.
    """

    criterion: str
    cases: tuple[Case, ...]
    keep_coarse: bool = False

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of every id, sorted, as a model's card keeps them."""
        return tuple(sorted(_digest(case) for case in self.cases))

    @property
    def ids_hash(self) -> str:
        """SHA-256 over the ids, sorted, one a line."""
        return sha256_bytes("\n".join(sorted(case.id for case in self.cases)).encode())


def withdraw(cases: Sequence[Case], criterion: str, keep_coarse: bool) -> tuple[Withdrawal, list[Case]]:
    """Choose the cases to withdraw.

    Parameters
    ----------
    cases : sequence of Case
        Training cases.
    criterion : str
        See `data.criterion`.
    keep_coarse : bool
        See `Withdrawal`.

    Returns
    -------
    withdrawal : Withdrawal
    rest : list of Case
        The other training cases, in their order.

    Raises
    ------
    UserError
        The criterion is not understood, picks no case that has a mask, or leaves none.
    """
    withdrawn, rest = chosen_cases(cases, criterion)
    return Withdrawal(criterion.strip(), withdrawn, keep_coarse), rest


def still_given(cases: Sequence[Case], withdrawn: Collection[str]) -> list[Case]:
    """Leave out the cases that were withdrawn before the model in use was made.

    Parameters
    ----------
    cases : sequence of Case
        Training cases.
    withdrawn : collection of str
        See `ModelCard.withdrawn`.

    Returns
    -------
    list of Case
        The others, in their order.
    """
    return [case for case in cases if _digest(case) not in withdrawn]


def _digest(case: Case) -> str:
    return sha256_bytes(case.id.encode())


def on_other_statistics(head: PixelHead, standardiser: Standardiser) -> PixelHead:
    """Write a head down for features that are standardised in another way; its class scores stay what they are.

    With w . (x - m) / s + b = w' . (x - m') / s' + b' for every x: w' = w s' / s and b' = b + w . (m' - m) / s.

    Parameters
    ----------
    head : PixelHead
        Any.
    standardiser : Standardiser
        The other one.

    Returns
    -------
    PixelHead
    """
    old = head.standardiser
    slopes = head.weights[:, :-1] / old.std
    bias = head.weights[:, -1] + slopes @ (standardiser.mean - old.mean)
    return PixelHead(np.column_stack([slopes * standardiser.std, bias]), standardiser, head.channels)


def without_their_images(segmenter: HeadSegmenter, rest: Sequence[Case], *, bounded: bool = False) -> HeadSegmenter:
    """Take the images of withdrawn cases out of the statistics that features are scaled by.

    Parameters
    ----------
    segmenter : HeadSegmenter
        The model in use; it is not changed.
    rest : sequence of Case
        The cases that are left.
    bounded : bool
        Whether the operator goes on with a training on bounded features, which takes its statistics at pixels of its
        own.

    Returns
    -------
    HeadSegmenter
        The same function, on the statistics that training on the remaining cases alone, with the seed of the model,
        would have taken.

    Raises
    ------
    UserError
        The model was trained on fine masks, and no remaining case has one.
    """
    card = segmenter.card
    taught = masked_cases(rest, "fine" if card.masks == "fine" else "coarse")
    if bounded and card.bounded is not None:
        *_, drawn = read_images(
            taught,
            lambda case: read_on_grid(case, "coarse", card.size)[1],
            segmenter.cache,
            card.size,
            card.bounded.pixels,
            card.seed,
        )
        assert isinstance(drawn, ImagePixels)
        statistics = scale_of(drawn)
    else:
        statistics = image_statistics(taught, segmenter.cache, card.size, card.seed)
    return dataclasses.replace(segmenter, head=on_other_statistics(segmenter.head, statistics))


def taught_labels(case: Case, masks: str) -> NDArray[np.uint8]:
    """Labels that a withdrawn case taught: those to forget.

    Parameters
    ----------
    case : Case
        One of `Withdrawal.cases`.
    masks : str
        What the model in use was fitted on, see `ModelCard.masks`.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        The coarse mask; the fine one for a model that was trained on fine masks.
    """
    fine = case.fine() if masks == "fine" or case.coarse_path is None else None
    return case.coarse() if fine is None else fine
