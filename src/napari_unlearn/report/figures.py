"""Cases that the report shows: what was forgotten of some, and what the models say of others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.masks import dilation_artefacts
from napari_unlearn.report.pictures import forget_picture, plain_picture, prediction_picture, spread

FORGOTTEN, PER_SPLIT, PREDICTED = 6, 3, 9
"""How many cases are shown at most: of the forget set, of each test split, of all test splits together."""


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes
    ----------
    uri : str
        The picture itself, as a data URI.
    alt : str
        What it shows, for those who do not see it.
    caption : str
        What is written below.
    """

    uri: str
    alt: str
    caption: str


@dataclass(frozen=True)
class CaseFigure:
    """Pictures of one case.

    Attributes
    ----------
    title : str
        Name of the case, its split and its diagnosis.
    pictures : tuple of Picture
        From left to right.
    """

    title: str
    pictures: tuple[Picture, ...]


def forget_figures(cases: Sequence[Case]) -> Iterator[CaseFigure]:
    """Show what was forgotten of some refined cases.

    Parameters
    ----------
    cases : sequence of Case
        Training cases.

    Yields
    ------
    CaseFigure
        At most `FORGOTTEN`, spread over the list, the first of each stretch of it that has something to show.
    """
    refined = [case for case in cases if case.is_refined and case.coarse_path is not None]
    parts = min(FORGOTTEN, len(refined))
    for i in range(parts):
        part = refined[i * len(refined) // parts : (i + 1) * len(refined) // parts]
        yield from itertools.islice(_forgotten(part), 1)


def _forgotten(cases: Sequence[Case]) -> Iterator[CaseFigure]:
    """The cases of which anything was forgotten: one without a lesion has nothing to show."""
    for case in cases:
        image, coarse, fine = case.image(), case.coarse(), case.fine()
        assert fine is not None
        forgotten = dilation_artefacts(coarse, fine)
        if not forgotten.any():
            continue
        count, share = int(forgotten.sum()), 100 * float(forgotten.mean())
        inside = 100 * count / int((coarse > 0).sum())
        picture = Picture(
            forget_picture(image, coarse, fine, forgotten),
            f"Case {case.id}: the {count:,} forgotten pixels are hatched, {share:.0f} % of the image.",
            f"{count:,} pixels forgotten, {inside:.0f} % of the coarse mask",
        )
        yield CaseFigure(_title(case), (picture,))


def shown_cases(dataset: Dataset, splits: Sequence[str]) -> list[Case]:
    """Choose the test cases whose predictions are shown.

    Parameters
    ----------
    dataset : Dataset
        Any.
    splits : sequence of str
        That were measured.

    Returns
    -------
    list of Case
        Refined ones, spread over each split.
    """
    return [case for name in splits for case in spread(dataset.refined(name), PER_SPLIT)][:PREDICTED]


def prediction_figure(case: Case, predictions: Mapping[str, NDArray[np.uint8]], classes: Sequence[str]) -> CaseFigure:
    """Show what models predict for a case.

    Parameters
    ----------
    case : Case
        Any.
    predictions : mapping of str to ndarray of uint8, shape (H, W)
        Class ids by the name of the model, ``Before`` or ``After``.
    classes : sequence of str
        Names.

    Returns
    -------
    CaseFigure
    """
    image, fine = case.image(), case.fine()
    pictures = [Picture(plain_picture(image), f"Case {case.id}: the image.", "Image")]
    for name, prediction in predictions.items():
        overlap = None if fine is None else dice(prediction > 0, fine > 0)
        said = _said(prediction, classes)
        number = "" if overlap is None else f", Dice {overlap:.2f}"
        pictures.append(
            Picture(
                prediction_picture(image, prediction, fine),
                f"Case {case.id}, {name.lower()}: the model predicts {said}{number}.",
                f"{name}: {said}{number}",
            )
        )
    return CaseFigure(_title(case), tuple(pictures))


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float | None:
    """Overlap of two areas.

    Parameters
    ----------
    one, other : ndarray of bool, shape (H, W)
        The areas.

    Returns
    -------
    float or None
        None where both are empty.
    """
    total = int(one.sum()) + int(other.sum())
    return None if total == 0 else 2 * int((one & other).sum()) / total


def _title(case: Case) -> str:
    return " · ".join(part for part in (case.id, case.split, case.diagnosis) if part)


def _said(prediction: NDArray[np.uint8], classes: Sequence[str]) -> str:
    counts = np.bincount(prediction.ravel())[1:]
    if not counts.any():
        return "no lesion"
    largest = _named(classes, int(counts.argmax()) + 1)
    return largest if np.count_nonzero(counts) == 1 else f"mostly {largest}"


def _named(classes: Sequence[str], class_id: int) -> str:
    return classes[class_id] if class_id < len(classes) else f"class {class_id}"
