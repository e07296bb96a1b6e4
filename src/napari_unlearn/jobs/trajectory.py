"""What a run does to the model on its way: Dice and leakage, step by step, beside the models to compare with.

Nothing of it has a part in the revision, and no guarantee covers it: it looks at the model in use, and at states that
no noise has hidden yet. Looking takes a small share of the time of the run, however fast its steps are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Event, Metric, Note, Progress, Reference
from napari_unlearn.jobs.train import training_split
from napari_unlearn.project.case_notes import taking_part

if TYPE_CHECKING:
    from napari_unlearn.evaluation.watched_pixels import Look
    from napari_unlearn.models.segmenter import Segmenter
    from napari_unlearn.operators.protocol import FloatArray, Problem, Revision, Step

DICE, LEAKAGE, BY_CHANCE = "trajectory_dice", "trajectory_leakage", "trajectory_leakage_by_chance"
"""Names of the curves."""

ORIGINAL, RETRAINED = "original", "retrained"
"""Labels of the references: the model in use, and the same recipe from the public start."""

SHARE = 0.03
"""Of the time since the first step, which looking may take."""

HEAD_START = 0.5
"""Seconds that it may take beside that over a whole run, so that a short one has a curve as well."""


@dataclass(frozen=True)
class Sight:
    """How to look.

    Attributes
    ----------
    look : callable
        Measures weights.
    about : str
        On what, as one sentence.
    """

    look: Callable[[FloatArray], Look]
    about: str


class Trajectory:
    """Looks at the weights of some steps.

    Parameters
    ----------
    prepare : callable
        Makes events, and a `Sight` at the end unless there is nothing to look at. Called with the first step that
        tells its weights.
    original : ndarray of float64
        The weights in use.
    now : callable
        Seconds of some clock.
    """

    def __init__(
        self,
        prepare: Callable[[], Iterator[Event | Sight]],
        original: FloatArray,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prepare, self._original, self._now = prepare, original, now
        self._sight: Sight | None = None
        self._start: float | None = None
        self._spent = self._longest = 0.0
        self._told = 0  # the last step that told its weights
        self._seen: int | None = None  # the last one that was looked at

    def step(self, step: Step) -> Iterator[Event]:
        """Look at the weights of a step, if there are any and looking has not taken its share yet.

        Parameters
        ----------
        step : Step
            Of the operator.

        Yields
        ------
        Event
            Before the first look, those of preparing, and the model in use as a `Reference`.
        """
        if step.weights is None or step.weights.shape != self._original.shape:
            return
        if self._start is None:
            for made in self._prepare():
                if isinstance(made, Sight):
                    self._sight = made
                else:
                    yield made
            yield from self._reference(ORIGINAL, self._original)
            self._start = self._now()
        self._told = step.done
        share = step.done / step.total if step.total else 0.0
        if self._spent + self._longest <= SHARE * (self._now() - self._start) + HEAD_START * share:
            yield from self._points(step.done, step.weights)

    def end(self, revision: Revision) -> Iterator[Event]:
        """Look at the result, and at what the same recipe makes from the public start.

        Parameters
        ----------
        revision : Revision
            Of the operator; its weights are finite.

        Yields
        ------
        Metric or Reference
        """
        # A run may keep an earlier state than its last one, so the result has a place of its own.
        yield from self._points(self._told + (self._seen == self._told), revision.weights)
        if revision.reference is not None:
            yield from self._reference(RETRAINED, revision.reference)

    def _points(self, step: int, weights: FloatArray) -> Iterator[Event]:
        if self._sight is None:
            return
        before = self._now()
        found = self._sight.look(weights)
        spent = self._now() - before
        self._spent, self._longest, self._seen = self._spent + spent, max(self._longest, spent), step
        for name, measured in ((DICE, found.dice), (LEAKAGE, found.leakage)):
            if measured is not None:
                yield Metric(name, step, measured.value, measured.low, measured.high)
        if found.by_chance is not None:
            yield Metric(BY_CHANCE, step, found.by_chance)

    def _reference(self, label: str, weights: FloatArray) -> Iterator[Event]:
        if self._sight is None:
            return
        found = self._sight.look(weights)
        for name, measured in ((DICE, found.dice), (LEAKAGE, found.leakage)):
            if measured is not None and not math.isnan(measured.value):
                yield Reference(name, label, measured.value, measured.low, measured.high, self._sight.about)


def trajectory(segmenter: Segmenter, dataset: Dataset, training: Sequence[Case], problem: Problem) -> Trajectory:
    """Look at what a run does to held-out cases, or to the refined ones that teach where there are no others.

    Parameters
    ----------
    segmenter : Segmenter
        The model in use.
    dataset : Dataset
        Its cases.
    training : sequence of Case
        Those that teach in this run.
    problem : Problem
        What the operator works on.

    Returns
    -------
    Trajectory
        It reads nothing before the first step.
    """

    def prepare() -> Iterator[Event | Sight]:
        from napari_unlearn.evaluation import watched_pixels
        from napari_unlearn.models.segmenter import HeadSegmenter

        others = [case for case in dataset.cases if case.split != training_split(dataset)]
        most = watched_pixels.MOST_CASES if isinstance(segmenter, HeadSegmenter) else watched_pixels.MOST_IMAGES
        try:
            held_out = taking_part(dataset.root, others)
            watched = watched_pixels.watched_cases(dataset, held_out, training, most)
            if watched is None:
                return
            for item in watched_pixels.read_watched(segmenter, watched):
                if isinstance(item, watched_pixels.WatchedPixels):
                    pixels = item
                else:
                    yield Progress(item.done, item.total, item.message)
        except UserError as error:  # of a case that the run itself does not need
            yield Note(f"Dice and leakage are not drawn while it runs: {error}")
            return
        yield Sight(lambda weights: pixels.look(problem, weights), watched.about)

    return Trajectory(prepare, problem.original)
