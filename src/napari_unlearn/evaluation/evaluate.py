"""What a model does on a split: outlines, diagnosis, leakage, and how far an artefact moves it.

Images go by one at a time. What is kept of each is a few numbers and what leakage needs (see `leakage.tally`), so that
memory hardly grows with their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from napari_unlearn.data.artefacts import present
from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.data.read_ahead import prepared
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation.classification import auroc
from napari_unlearn.evaluation.counterfactuals import MOST_CASES, Counterfactuals, changed_images, sample_cases
from napari_unlearn.evaluation.delong import placements
from napari_unlearn.evaluation.dice import DiceTally, confusion
from napari_unlearn.evaluation.groups import check_groups, group_aurocs
from napari_unlearn.evaluation.leakage import SPURIOUS, measure_leakage, new_tally
from napari_unlearn.evaluation.results import CaseNumbers, Evaluation, SplitEvaluation
from napari_unlearn.models.ranks import mine, ranks
from napari_unlearn.models.segmenter import (
    Segmenter,
    diagnosis_score,
    mask_of,
    pooled_probabilities,
)

__all__ = ["Evaluation", "SplitEvaluation", "default_splits", "evaluate_split", "score"]

_LARGEST_MAP = 256

MOST_KEPT = 300
"""The encoder's maps of a larger split are not kept on disk: a megabyte an image, and writing takes as long as looking
up saves."""


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
    segmenter: Segmenter,
    dataset: Dataset,
    name: str,
    resamples: int = 1000,
    seed: int = 0,
    groups: Sequence[str] = (),
    counterfactuals: int = MOST_CASES,
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
        Bootstrap resamples of images for intervals.
    seed : int
        Of resamples, of the choice of counterfactual cases and of their partners.
    groups : sequence of str
        Artefacts and metadata columns to measure the AUROC within; by default every artefact that is known.
    counterfactuals : int
        On how many cases at most to measure what artefacts and context do to the score.

    Yields
    ------
    str or SplitEvaluation
        The id of each case as it is done, once more where counterfactual images of it are; the result comes last.

    Raises
    ------
    UserError
        A file cannot be used, or a group is not known.
    """
    cases = [case for case in dataset.split(name) if case.is_refined]
    known = all(case.diagnosis for case in cases)
    check_groups(cases, groups)
    if groups and not known:
        raise UserError(
            f"A case of the split {name} has no diagnosis, so that no AUROC can be told within groups; fill in the "
            "column diagnosis of metadata.csv."
        )
    classes = tuple(segmenter.card.classes)
    dice, scores = DiceTally(len(classes)), np.zeros(len(cases))
    shown: list[frozenset[str] | None] = []
    marked: list[bool | None] = []
    mapped = [case.shape for case in cases if case.artefact_path is not None]
    tally = new_tally(common_shape(mapped), len(classes)) if len(mapped) > 1 else None
    shape = (0, 0) if tally is None else tally.shape
    for place, (case, seen) in enumerate(zip(cases, seen_together(segmenter, cases, shape), strict=True)):
        yield case.id
        dice.add_table(seen.table)
        scores[place] = seen.score
        shown.append(None if seen.flags is None else frozenset(present(np.array([seen.flags], np.uint8))))
        marked.append(None if seen.flags is None else bool(seen.flags & SPURIOUS))
        if seen.flags is not None and tally is not None:
            tally.add(*seen.masks)
    positive = [case.diagnosis == classes[segmenter.card.positive] for case in cases]
    chosen = sample_cases(len(cases), counterfactuals, seed)
    changed = None
    for step in _changed_scores(segmenter, cases, marked, scores, chosen, np.array(positive) if known else None, seed):
        if isinstance(step, str):
            yield step
        else:
            changed = step
    assert changed is not None
    behind = CaseNumbers(
        dice.of_cases,
        placements(list(scores), positive) if known else None,
        changed,
        group_aurocs(cases, shown, list(scores), positive, groups) if known else (),
        resamples,
        seed,
    )
    leakage = None if tally is None else measure_leakage(tally, classes, resamples, seed)
    found = None if leakage is None else leakage.estimate
    shift = behind.measured()["counterfactual_shift"]
    yield SplitEvaluation(
        len(cases),
        dice.lesion,
        dice.per_class,
        auroc(list(scores), positive) if known else None,
        None
        if found is None
        else {"s_global": found.value, "normalised": found.normalised, "low": found.low, "high": found.high},
        {} if leakage is None else {title: each.normalised for title, each in leakage.per_artefact.items()},
        None if found is None else np.asarray(found.map, np.float32),
        None if shift is None else shift.value,
        leakage,
        behind,
    )


@dataclass(frozen=True, eq=False)
class Seen:
    """What is kept of one image.

    Attributes
    ----------
    table : ndarray of int64, shape (K + 1, K + 1)
        Pixels of every pair of predicted and true class.
    score : float
        Diagnosis score.
    flags : int or None
        Every artefact flag that occurs; None where nobody mapped them.
    masks : ndarray of uint8, shape (3, h, w)
        Flags, true and predicted classes on the grid of the leakage map.
    """

    table: NDArray[np.int64]
    score: float
    flags: int | None
    masks: NDArray[np.uint8]


def seen_together(segmenter: Segmenter, cases: Sequence[Case], shape: tuple[int, int]) -> Iterator[Seen]:
    """Look at all cases in their order; of several processes, each looks at its share and tells the others.

    Parameters
    ----------
    segmenter : Segmenter
        The model.
    cases : sequence of Case
        Refined ones.
    shape : tuple of int
        Height and width of the leakage map.

    Yields
    ------
    Seen
        One a case, the same in every process.
    """
    own = [case for place, case in enumerate(cases) if mine(place)]
    looked = (_look(segmenter, read, len(cases) <= MOST_KEPT, shape) for read in prepared(_read, own))
    together, classes = ranks().count, len(segmenter.card.classes)
    if together == 1:
        yield from looked
        return
    for start in range(0, len(cases), together):
        numbers = torch.zeros(together, classes**2 + 2, dtype=torch.float64)
        masks = torch.zeros(together, 3, *shape, dtype=torch.uint8)
        place = ranks().number
        if start + place < len(cases):
            seen = next(looked)
            flags = -1.0 if seen.flags is None else float(seen.flags)
            numbers[place] = torch.from_numpy(np.array([*seen.table.reshape(-1), seen.score, flags]))
            masks[place] = torch.from_numpy(seen.masks)
        # Every process fills a row of its own, so that adding up puts the rows together.
        numbers, masks = ranks().add(numbers), ranks().add(masks)
        for row, picture in zip(numbers.numpy()[: len(cases) - start], masks.numpy(), strict=False):
            table = row[:-2].astype(np.int64).reshape(classes, classes)
            yield Seen(table, float(row[-2]), None if row[-1] < 0 else int(row[-1]), picture)


def _look(segmenter: Segmenter, read: _Read, keep: bool, shape: tuple[int, int]) -> Seen:
    logits = segmenter.logits(read.image) if keep else segmenter.composed_logits(read.image)
    prediction = mask_of(logits, (read.fine.shape[0], read.fine.shape[1]))
    masks = np.zeros((3, *shape), np.uint8)
    if read.flags is not None and masks.size:
        for small, mask in zip(masks, (read.flags, read.fine, prediction), strict=True):
            small[:] = nearest(mask, shape)
    return Seen(
        confusion(prediction, read.fine, len(segmenter.card.classes)),
        score(segmenter, logits),
        None if read.flags is None else int(np.bitwise_or.reduce(read.flags, axis=None)),
        masks,
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


@dataclass(frozen=True, eq=False)
class _Read:
    image: NDArray[np.uint8]
    fine: NDArray[np.uint8]
    flags: NDArray[np.uint8] | None


def _read(case: Case) -> _Read:
    fine = case.fine()
    assert fine is not None
    return _Read(case.image(), fine, case.artefacts())


def _changed_scores(
    segmenter: Segmenter,
    cases: Sequence[Case],
    marked: Sequence[bool | None],
    scores: NDArray[np.float64],
    chosen: NDArray[np.intp],
    positive: NDArray[np.bool_] | None,
    seed: int,
) -> Iterator[str | Counterfactuals]:
    """Score the counterfactual images of the chosen cases."""
    found = np.full((3, len(chosen)), np.nan)
    for column, changed in enumerate(changed_images(cases, marked, chosen, seed)):
        yield cases[changed.place].id
        for row, image in enumerate((changed.added, changed.removed, changed.alone)):
            if image is not None:
                # Zero in all processes but one, so that adding up brings the scores together.
                found[row, column] = score(segmenter, segmenter.composed_logits(image)) if mine(column) else 0.0
    added, removed, alone = _added_up(found)
    diagnoses = None if positive is None or not len(positive) else positive[chosen]
    yield Counterfactuals(chosen, scores[chosen], added, removed, alone, diagnoses)


def _added_up(found: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isnan(found), np.nan, ranks().add(torch.from_numpy(np.nan_to_num(found))).numpy())


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
