"""A test bed: everything of a split that no model has a part in, ready for one model after another.

The numbers are those of `evaluation.evaluate_split`, bit for bit: the same images go through the same encoder and the
same functions in the same order. What that reads, composes and encodes for every model is done once here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.benchmark.held import Mask
from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation.classification import auroc
from napari_unlearn.evaluation.counterfactuals import MOST_CASES, Counterfactuals, changed_images, sample_cases
from napari_unlearn.evaluation.dice import DiceTally
from napari_unlearn.evaluation.evaluate import common_shape, nearest, score
from napari_unlearn.evaluation.leakage import ESTIMATOR, INTERVAL, SPURIOUS, new_tally
from napari_unlearn.leakage import estimate_leakage
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.segmenter import HeadSegmenter, mask_of

_SEED = 0
"""Of the choice of counterfactual cases, as in `evaluate`."""

Maps = list[Tensor]


@dataclass(frozen=True)
class BedNumbers:
    """What a model does on a split.

    Attributes
    ----------
    dice : float or None
        Lesion against background.
    dice_per_class : list of float or None
        Background first.
    auroc : float or None
        Of the score.
    leakage : float or None
        Normalised; None without artefact maps.
    counterfactual_shift : float or None
        None where it cannot be measured.
    """

    dice: float | None
    dice_per_class: list[float | None]
    auroc: float | None
    leakage: float | None
    counterfactual_shift: float | None


class TestBed:
    """One split.

    Parameters
    ----------
    cases : sequence of Case
        With fine masks and diagnoses.
    cache : FeatureCache
        Of the frozen encoder.
    size : int
        Long side of the working grid.

    Raises
    ------
    UserError
        A file cannot be used, or a case has no diagnosis.
    """

    __test__ = False  # it is no test, whatever pytest takes its name for

    def __init__(self, cases: Sequence[Case], cache: FeatureCache, size: int) -> None:
        bare = [case.id for case in cases if not case.diagnosis]
        if bare:
            raise UserError(f"Test case {bare[0]} has no diagnosis; fill in the column diagnosis of metadata.csv.")
        self._diagnoses = [case.diagnosis for case in cases]
        self._fine: list[Mask] = []
        self._flags: list[Mask | None] = []
        self._maps: list[Maps] = []
        for case in cases:
            fine = case.fine()
            assert fine is not None
            self._fine.append(fine)
            self._flags.append(case.artefacts())
            self._maps.append(cache.levels(image_to_grid(case.image(), size)))
        shapes = [fine.shape for fine, flags in zip(self._fine, self._flags, strict=True) if flags is not None]
        self._shape = common_shape(shapes) if len(shapes) > 1 else None
        marked = [None if flags is None else bool((flags & SPURIOUS).any()) for flags in self._flags]
        self._chosen = sample_cases(len(cases), MOST_CASES, _SEED)
        self._changed: list[tuple[Maps | None, Maps | None]] = []
        if any(marked):
            for changed in changed_images(cases, marked, self._chosen, _SEED):
                added, removed = (
                    None if image is None else cache.levels(image_to_grid(image, size))
                    for image in (changed.added, changed.removed)
                )
                self._changed.append((added, removed))

    @torch.inference_mode()
    def measure(self, segmenter: HeadSegmenter) -> BedNumbers:
        """Measure a model.

        Parameters
        ----------
        segmenter : HeadSegmenter
            On the encoder that the bed was made with.

        Returns
        -------
        BedNumbers
        """
        classes = tuple(segmenter.card.classes)
        dice, scores = DiceTally(len(classes)), np.zeros(len(self._maps))
        tally = None if self._shape is None else new_tally(self._shape, len(classes))
        for place, (maps, fine, flags) in enumerate(zip(self._maps, self._fine, self._flags, strict=True)):
            logits = _logits(segmenter, maps)
            prediction = mask_of(logits, (fine.shape[0], fine.shape[1]))
            dice.add(prediction, fine)
            scores[place] = score(segmenter, logits)
            if flags is not None and tally is not None:
                tally.add(*(nearest(mask, tally.shape) for mask in (flags, fine, prediction)))
        leakage = None
        if tally is not None:
            ids = range(1, len(classes))
            images = tally.of("all")
            leakage = estimate_leakage(
                images, classes=ids, estimator=ESTIMATOR, interval=INTERVAL, resamples=1, permutations=0
            ).normalised
        positive = [diagnosis == classes[segmenter.card.positive] for diagnosis in self._diagnoses]
        return BedNumbers(
            dice.lesion, dice.per_class, auroc(list(scores), positive), leakage, self._shift(segmenter, scores)
        )

    def _shift(self, segmenter: HeadSegmenter, scores: NDArray[np.float64]) -> float | None:
        if not self._changed:
            return None
        found = np.array(
            [
                [np.nan if maps is None else score(segmenter, _logits(segmenter, maps)) for maps in pair]
                for pair in self._changed
            ]
        )
        nowhere = np.full(len(found), np.nan)
        shifts = Counterfactuals(self._chosen, scores[self._chosen], found[:, 0], found[:, 1], nowhere, None).shifts
        known = shifts[~np.isnan(shifts)]
        return float(known.mean()) if known.size else None


def _logits(segmenter: HeadSegmenter, maps: Maps) -> Tensor:
    return segmenter.head.logits([level[None] for level in maps])[0]
