"""What a model does on a split: outlines, diagnosis, leakage, and how far an artefact moves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.classification import auroc, shortcut_gap
from napari_unlearn.evaluation.counterfactual_shift import add_artefact, remove_artefact
from napari_unlearn.evaluation.dice import DiceTally
from napari_unlearn.evaluation.leakage import SPURIOUS, SplitLeakage, measure_leakage
from napari_unlearn.models.segmenter import (
    Segmenter,
    diagnosis_score,
    mask_of,
    pooled_probabilities,
)

_LARGEST_MAP = 256


@dataclass(frozen=True, eq=False)
class SplitEvaluation:
    """Numbers of one split.

    Attributes
    ----------
    cases : int
        Cases that count: those with a fine mask.
    dice : float or None
        Mean over cases, lesion against background.
    dice_per_class : list
        Pooled over pixels, background first.
    auroc : float or None
        Of the pooled score against the diagnosis.
    leakage : dict or None
        ``s_global`` and ``normalised`` in nats, ``low`` and ``high`` of the latter; None without artefact maps.
    leakage_per_artefact : dict of str to float
        Normalised leakage of each kind of artefact that occurs.
    leakage_map : ndarray of float32, shape (h, w), or None
        Nats a pixel, of the class that leaks most.
    counterfactual_shift : float or None
        Mean change of the score by the artefact; None where it cannot be measured.
    leakage_behind : SplitLeakage or None
        What the leakage was measured on, with its details; None without artefact maps.
    """

    cases: int
    dice: float | None
    dice_per_class: list[float | None]
    auroc: float | None
    leakage: dict[str, float] | None
    leakage_per_artefact: dict[str, float]
    leakage_map: NDArray[np.float32] | None
    counterfactual_shift: float | None
    leakage_behind: SplitLeakage | None = None

    def to_json(self) -> dict[str, Any]:
        """The numbers without the map."""
        return {
            "dice": self.dice,
            "dice_per_class": self.dice_per_class,
            "auroc": self.auroc,
            "leakage": self.leakage,
            "leakage_per_artefact": self.leakage_per_artefact,
            "leakage_detail": None if self.leakage_behind is None else self.leakage_behind.to_json(),
            "counterfactual_shift": self.counterfactual_shift,
            "cases": self.cases,
        }


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Numbers of all splits.

    Attributes
    ----------
    splits : dict of str to SplitEvaluation
        By name.
    """

    splits: dict[str, SplitEvaluation] = field(default_factory=dict)

    @property
    def shortcut_gap(self) -> float | None:
        """AUROC where shortcut and diagnosis agree minus AUROC where they conflict."""
        return shortcut_gap({name: split.auroc for name, split in self.splits.items()})

    def to_json(self) -> dict[str, Any]:
        """The object that ``evaluate --json`` prints."""
        return {
            "splits": {name: split.to_json() for name, split in self.splits.items()},
            "shortcut_gap": self.shortcut_gap,
        }


def default_splits(dataset: Dataset) -> tuple[str, ...]:
    """Splits to evaluate when none is named: those with fine masks, but the training split.

    Parameters
    ----------
    dataset : Dataset
        Any.

    Returns
    -------
    tuple of str
    """
    return tuple(name for name in dataset.splits if not name.lower().startswith("train") and dataset.refined(name))


def evaluate_split(
    segmenter: Segmenter, dataset: Dataset, name: str, resamples: int = 1000, seed: int = 0
) -> Iterator[str | SplitEvaluation]:
    """Evaluate one split.

    Parameters
    ----------
    segmenter : Segmenter
        The model.
    dataset : Dataset
        Its cases.
    name : str
        The split.
    resamples : int
        Bootstrap resamples of images for the interval of the leakage.
    seed : int
        Of resamples and of the partners of counterfactual cases.

    Yields
    ------
    str or SplitEvaluation
        The id of each case as it is done; the result comes last.
    """
    cases = [case for case in dataset.split(name) if case.is_refined]
    tally = DiceTally(len(segmenter.card.classes))
    scores: list[float] = []
    predictions, truths, flags = [], [], []
    for case in cases:
        yield case.id
        image, truth = case.image(), case.fine()
        assert truth is not None
        logits = segmenter.logits(image)
        prediction = mask_of(logits, (truth.shape[0], truth.shape[1]))
        tally.add(prediction, truth)
        scores.append(score(segmenter, logits))
        predictions.append(prediction)
        truths.append(truth)
        flags.append(case.artefacts())
    positive = segmenter.card.classes[segmenter.card.positive]
    diagnosed = [case.diagnosis for case in cases]
    shift = None
    if any(f is not None for f in flags):
        shifts = []
        for case_id, value in _shifts(segmenter, cases, truths, flags, scores, np.random.default_rng(seed)):
            yield case_id
            shifts.append(value)
        shift = float(np.mean(shifts)) if shifts else None
    behind = _leakage(flags, truths, predictions, segmenter, resamples, seed)
    found = None if behind is None else behind.estimate
    yield SplitEvaluation(
        len(cases),
        tally.lesion,
        tally.per_class,
        auroc(scores, [d == positive for d in diagnosed]) if all(diagnosed) else None,
        None
        if found is None
        else {"s_global": found.value, "normalised": found.normalised, "low": found.low, "high": found.high},
        {} if behind is None else {title: each.normalised for title, each in behind.per_artefact.items()},
        None if found is None else np.asarray(found.map, np.float32),
        shift,
        behind,
    )


def score(segmenter: Segmenter, logits: Tensor) -> float:
    """Diagnosis score of one image.

    Parameters
    ----------
    segmenter : Segmenter
        The model.
    logits : Tensor, shape (K + 1, h, w)
        Its class scores of the image.

    Returns
    -------
    float
        Between 0 and 1.
    """
    return diagnosis_score(pooled_probabilities(logits), segmenter.card.positive)


def _shifts(
    segmenter: Segmenter,
    cases: Sequence[Case],
    truths: Sequence[NDArray[np.uint8]],
    flags: Sequence[NDArray[np.uint8] | None],
    scores: Sequence[float],
    rng: np.random.Generator,
) -> Iterator[tuple[str, float]]:
    """Score with the artefact minus score without it, for each case."""
    artefacts = [None if f is None else (f & SPURIOUS) > 0 for f in flags]
    donors = [i for i, a in enumerate(artefacts) if a is not None and a.any()]
    for i, (case, artefact) in enumerate(zip(cases, artefacts, strict=True)):
        if artefact is None:
            continue
        image, lesion = case.image(), truths[i] > 0
        if artefact.any():
            changed = remove_artefact(image, artefact, lesion)
            yield case.id, scores[i] - score(segmenter, segmenter.composed_logits(changed))
            continue
        fitting = [d for d in donors if truths[d].shape == truths[i].shape]
        if fitting:
            d = int(rng.choice(fitting))
            donated = artefacts[d]
            assert donated is not None
            changed = add_artefact(image, lesion, cases[d].image(), donated)
            yield case.id, score(segmenter, segmenter.composed_logits(changed)) - scores[i]


def _leakage(
    flags: Sequence[NDArray[np.uint8] | None],
    truths: Sequence[NDArray[np.uint8]],
    predictions: Sequence[NDArray[np.uint8]],
    segmenter: Segmenter,
    resamples: int,
    seed: int,
) -> SplitLeakage | None:
    known = [(f, t, p) for f, t, p in zip(flags, truths, predictions, strict=True) if f is not None]
    if len(known) < 2:
        return None
    shape = common_shape([t.shape for _, t, _ in known])
    s, t, p = (np.stack([nearest(entry[i], shape) for entry in known]) for i in range(3))
    return measure_leakage(s, t, p, tuple(segmenter.card.classes), resamples, seed)


def common_shape(shapes: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """One shape for all maps.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Height and width of each.

    Returns
    -------
    tuple of int
        Their own where they agree, else a square; no side is longer than 256.
    """
    height, width = shapes[0]
    if len(set(shapes)) > 1:
        height = width = _LARGEST_MAP
    factor = min(1.0, _LARGEST_MAP / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def nearest(mask: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Resample class ids or flags by the nearest pixel.

    Parameters
    ----------
    mask : ndarray of uint8, shape (H, W)
        Class ids or flags.
    shape : tuple of int
        Height and width to come to.

    Returns
    -------
    ndarray of uint8, shape `shape`
    """
    if mask.shape == shape:
        return mask
    return np.asarray(Image.fromarray(mask).resize(shape[::-1], Image.Resampling.NEAREST))
