"""Dice and leakage of many heads on the same cases, each case read once.

A quick measurement on every second pixel of the working grid, without counterfactual cases and intervals, to compare
heads with each other; `evaluate_split` is the one to quote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_unlearn.data.case import Case
from napari_unlearn.evaluation.dice import DiceTally
from napari_unlearn.evaluation.evaluate import common_shape, nearest
from napari_unlearn.evaluation.leakage import ESTIMATOR, SPURIOUS
from napari_unlearn.leakage import s_global
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.head import FloatArray, PixelHead
from napari_unlearn.models.segmenter import HeadSegmenter, mask_of

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Outlines:
    """What one head does on some cases.

    Attributes
    ----------
    dice : float or None
        Mean over cases, lesion against background; None where no case has a lesion.
    leakage : float or None
        Normalised S_global, nats a predicted pixel; None where fewer than two cases have an artefact map.
    """

    dice: float | None
    leakage: float | None


def measure_heads(
    segmenter: HeadSegmenter, cases: Sequence[Case], heads: Sequence[FloatArray]
) -> Iterator[str | tuple[Outlines, ...]]:
    """Measure heads.

    Parameters
    ----------
    segmenter : HeadSegmenter
        Its encoder and standardiser are used, its own head is not.
    cases : sequence of Case
        With fine masks.
    heads : sequence of ndarray of float64, shape (K + 1, F + 1)
        What to measure.

    Yields
    ------
    str or tuple of Outlines
        The id of each case as it is done, of each head once its leakage is; the result comes last, in the order of the
        heads.
    """
    card, own = segmenter.card, segmenter.head
    classes = len(card.classes)
    # Rows of one tall head, so that the maps of a case are gone through once.
    tall = PixelHead(np.concatenate(heads), own.standardiser, own.channels)
    tallies = [DiceTally(classes) for _ in heads]
    predictions: list[list[Mask]] = [[] for _ in heads]
    truths: list[Mask] = []
    flags: list[Mask] = []
    for case in cases:
        yield case.id
        fine, artefacts = case.fine(), case.artefacts()
        assert fine is not None
        scores = _scores(tall, segmenter.cache.levels(image_to_grid(case.image(), card.size)))
        shape = (scores.shape[-2], scores.shape[-1])
        truth = nearest(fine, shape)
        for place, of_one in enumerate(scores.view(len(heads), classes, *shape)):
            predicted = mask_of(of_one, shape)
            tallies[place].add(predicted, truth)
            if artefacts is not None:
                predictions[place].append(predicted)
        if artefacts is not None:
            truths.append(truth)
            flags.append(nearest(artefacts, shape))
    results = []
    for tally, predicted_all in zip(tallies, predictions, strict=True):
        yield "leakage"
        results.append(Outlines(tally.lesion, _leakage(flags, truths, predicted_all, classes)))
    yield tuple(results)


@torch.inference_mode()
def _scores(tall: PixelHead, levels: Sequence[Tensor]) -> Tensor:
    """Class scores of all heads below each other, on a grid of half the size; linear, so that averaging commutes."""
    first, *deeper = (level[None].float() for level in levels)
    return tall.logits([functional.avg_pool2d(first, 2), *deeper])[0]


def _leakage(flags: list[Mask], truths: list[Mask], predictions: list[Mask], classes: int) -> float | None:
    if len(truths) < 2:
        return None
    shape = common_shape([truth.shape for truth in truths])
    s, t, p = (np.stack([nearest(mask, shape) for mask in stack]) for stack in (flags, truths, predictions))
    estimate = s_global((s & SPURIOUS) > 0, t, p, classes=range(1, classes), estimator=ESTIMATOR, resamples=1)
    return float(estimate.normalised)
