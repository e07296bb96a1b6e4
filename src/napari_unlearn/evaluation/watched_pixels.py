"""A few pixels on which a model is measured again and again while an operator changes it.

They lie on a lattice in a few cases, the same in all of them, so that leakage can be told place by place. What the
frozen encoder says of them is computed once; a look at new weights is then one small matrix product. A U-Net has no
such short cut, so fewer of its cases are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.dice import DiceTally
from napari_unlearn.evaluation.evaluate import default_splits
from napari_unlearn.evaluation.interval import Measured, mean_over_cases
from napari_unlearn.evaluation.leakage import ESTIMATOR, INTERVAL, SPURIOUS
from napari_unlearn.leakage import estimate_leakage
from napari_unlearn.leakage.observations import observe
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.head import read_pixels
from napari_unlearn.models.images_at_once import images_at_once
from napari_unlearn.models.normalisation import BATCH, full_batch
from napari_unlearn.models.segmenter import HeadSegmenter, Segmenter
from napari_unlearn.operators.protocol import FloatArray, Problem, Step
from napari_unlearn.operators.unet_problem import evenly

SIDE = 16
"""The lattice has this many rows and columns."""

MOST_CASES = 40
"""Of a head; their features take about 40 MB a thousand channels."""

MOST_IMAGES = 24
"""Of a U-Net: the fewest with which leakage is more than a rough number, and a few over."""

RESAMPLES, SHUFFLES = 200, 20

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Watched:
    """Which cases are looked at.

    Attributes
    ----------
    cases : tuple of Case
        Refined; all of them with a map of artefacts, or none.
    about : str
        Which ones, for a person, as one sentence.
    """

    cases: tuple[Case, ...]
    about: str

    @property
    def mapped(self) -> bool:
        """Whether leakage can be told."""
        return all(case.artefact_path is not None for case in self.cases)


@dataclass(frozen=True)
class Look:
    """What weights do on the watched pixels.

    Attributes
    ----------
    dice : Measured or None
        Mean over cases of the Dice of lesion against background; None where no case has a lesion.
    leakage : Measured or None
        Nats per predicted pixel; NaN where no lesion is predicted in enough cases, None without maps of artefacts.
    by_chance : float or None
        Mean of the same with the maps shuffled among the images.
    """

    dice: Measured | None
    leakage: Measured | None
    by_chance: float | None


def watched_cases(dataset: Dataset, held_out: Sequence[Case], training: Sequence[Case], most: int) -> Watched | None:
    """Choose the cases to look at: held-out ones where there are any with a fine mask.

    Two splits are never mixed: where one shows a shortcut and another one its opposite, the two would cancel out. Of
    several the one in which shortcut and diagnosis agree comes first, since that is where leakage shows.

    Parameters
    ----------
    dataset : Dataset
        Names the splits to evaluate on.
    held_out : sequence of Case
        Cases that teach nothing, nor ever did.
    training : sequence of Case
        Those that teach in this run.
    most : int
        How many at most.

    Returns
    -------
    Watched or None
        None if no case has a fine mask.
    """
    splits = sorted(default_splits(dataset), key=lambda name: not name.lower().endswith("aligned"))
    offers = [*((name, [case for case in held_out if case.split == name]) for name in splits), ("", list(training))]
    known = [(name, tuple(case for case in cases if case.is_refined)) for name, cases in offers]
    mapped = [(name, tuple(case for case in cases if case.artefact_path is not None)) for name, cases in known]
    found = next((offer for offer in mapped if len(offer[1]) > 1), None) or next((o for o in known if o[1]), None)
    if found is None:
        return None
    name, cases = found[0], evenly(found[1], most)
    where = f"cases of {name}, which teach nothing" if name else "of the very cases that teach"
    few = f"{SIDE * SIDE} pixels of each of {len(cases)} {where}"
    return Watched(cases, f"Measured on {few}. No guarantee covers these curves.")


class WatchedPixels:
    """Pixels whose labels and features are known; `read_watched` makes them.

    Parameters
    ----------
    pixels : Inputs
        What the operator's problem turns into class scores.
    truth : ndarray of uint8, shape (N, SIDE, SIDE)
        Class ids of the fine masks.
    spurious : ndarray of bool, shape (N, SIDE, SIDE), or None
        Where an artefact lies; None where that is not known.
    """

    def __init__(self, pixels: Inputs, truth: Mask, spurious: NDArray[np.bool_] | None) -> None:
        self._pixels, self._truth, self._spurious = pixels, truth, spurious

    def look(self, problem: Problem, weights: FloatArray) -> Look:
        """Measure weights.

        Parameters
        ----------
        problem : Problem
            Turns them into class scores.
        weights : ndarray of float64
            Of the shape of `Problem.original`.

        Returns
        -------
        Look
            Intervals are by bootstrap over cases, of Dice as in `mean_over_cases` and of leakage as in
            `estimate_leakage`, both 95 %.
        """
        predicted = self._pixels.classes(problem, torch.from_numpy(weights)).reshape(self._truth.shape)
        tally = DiceTally(problem.classes)
        for own, true in zip(predicted, self._truth, strict=True):
            tally.add(own, true)
        dice = mean_over_cases(tally.of_cases[~np.isnan(tally.of_cases)], (0, 1), RESAMPLES, 0)
        if self._spurious is None or len(predicted) < 2:
            return Look(dice, None, None)
        found = estimate_leakage(
            observe(self._spurious, self._truth, predicted),
            classes=range(1, problem.classes),
            estimator=ESTIMATOR,
            interval=INTERVAL,
            resamples=RESAMPLES,
            permutations=SHUFFLES,
        )
        if found.max_class is None:
            return Look(dice, Measured(math.nan, None, None, len(predicted)), None)
        leakage = Measured(found.normalised, found.low, found.high, len(predicted))
        return Look(dice, leakage, found.by_chance)


class Inputs(Protocol):
    """What the operator's problem turns into class scores, for every watched pixel."""

    def classes(self, problem: Problem, weights: Tensor) -> Mask:
        """Most probable class of every pixel, case by case, N * SIDE * SIDE of them."""
        ...


@dataclass(frozen=True, eq=False)
class HeadInputs:
    """Standardised features, (N * SIDE * SIDE, F + 1) float32."""

    features: Tensor

    def classes(self, problem: Problem, weights: Tensor) -> Mask:
        """See `Inputs`."""
        return problem.scores(weights, self.features).argmax(1).numpy().astype(np.uint8)


@dataclass(frozen=True, eq=False)
class UnetInputs:
    """Images on the working grid, each (3, h, w) uint8; a batch is normalised with its own statistics."""

    images: tuple[Tensor, ...]

    @torch.no_grad()
    def classes(self, problem: Problem, weights: Tensor) -> Mask:
        """See `Inputs`."""
        found = np.empty((len(self.images), SIDE, SIDE), np.uint8)
        for shape in {tuple(image.shape) for image in self.images}:
            places = [place for place, image in enumerate(self.images) if tuple(image.shape) == shape]
            rows, columns = lattice(shape[1:])
            for start in range(0, len(places), count := images_at_once(BATCH)):
                part = places[start : start + count]
                batch = torch.stack(full_batch([self.images[place] for place in part])).float() / 255
                found[part] = problem.scores(weights, batch).argmax(1)[: len(part), rows, columns].numpy()
        return found


def read_watched(segmenter: Segmenter, watched: Watched) -> Iterator[Step | WatchedPixels]:
    """Read the chosen cases.

    Parameters
    ----------
    segmenter : Segmenter
        The model in use; of a head its encoder computes the features, and none are kept: no job learns from them.
    watched : Watched
        From `watched_cases`.

    Yields
    ------
    Step or WatchedPixels
        `WatchedPixels` comes last.
    """
    size = segmenter.card.size
    features: list[NDArray[np.float32]] = []
    images: list[Tensor] = []
    truth = np.empty((len(watched.cases), SIDE, SIDE), np.uint8)
    flags = np.zeros_like(truth)
    for place, case in enumerate(watched.cases):
        yield Step(place, len(watched.cases), "Reading the cases to look at on the way")
        grid = image_to_grid(case.image(), size)
        if isinstance(segmenter, HeadSegmenter):
            rows, columns = (part.ravel() for part in np.broadcast_arrays(*lattice(tuple(grid.shape[1:]))))
            features.append(read_pixels(segmenter.cache.compute(grid[None])[0], rows, columns))
        else:
            images.append(grid)
        fine, marks = case.fine(), case.artefacts()
        assert fine is not None
        truth[place] = fine[lattice(fine.shape)]
        if marks is not None:
            flags[place] = marks[lattice(marks.shape)]
    inputs: Inputs = UnetInputs(tuple(images))
    if isinstance(segmenter, HeadSegmenter):
        inputs = HeadInputs(torch.from_numpy(segmenter.head.standardiser.apply(np.concatenate(features))))
    yield WatchedPixels(inputs, truth, (flags & SPURIOUS) > 0 if watched.mapped else None)


def lattice(shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the watched pixels of an image, spread evenly.

    Parameters
    ----------
    shape : tuple of int
        Height and width.

    Returns
    -------
    rows : ndarray of int, shape (SIDE, 1)
    columns : ndarray of int, shape (1, SIDE)
    """
    rows, columns = (((np.arange(SIDE) + 0.5) * length / SIDE).astype(np.intp) for length in shape)
    return rows[:, None], columns[None]
