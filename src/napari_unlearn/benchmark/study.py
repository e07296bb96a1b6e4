"""All trials of one ground: models are trained, operators run and everything measured, each step once."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import numpy as np

from napari_unlearn.benchmark.bed import TestBed
from napari_unlearn.benchmark.features import HeldFeatures
from napari_unlearn.benchmark.ground import ALIGNED, CONFLICTING, Ground
from napari_unlearn.benchmark.row import COARSE, ORACLE, REFERENCE, SCRATCH, Numbers, Row, Trial
from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.foreign_claims import WitnessedNoise, confirmed
from napari_unlearn.models.bounded_fit import BoundedRecipe, fit_bounded
from napari_unlearn.models.head import PixelHead
from napari_unlearn.models.segmenter import HeadSegmenter, ModelCard
from napari_unlearn.models.training import HeadRecipe, fit_head
from napari_unlearn.operators.catalogue.certified_convex import BoundedSettings
from napari_unlearn.operators.collect import collect
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Budget, FloatArray, Problem, Revision
from napari_unlearn.operators.registry import info, load
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.operators.revised import revised_head
from napari_unlearn.operators.run_watch import RunWatch
from napari_unlearn.operators.settings import MinimumSettings, Settings
from napari_unlearn.privacy.noise import OperatingSystemNoise

Oracles = dict[tuple[int, int], PixelHead]
"""Heads of oracles by classes and seed: they do not depend on the correlation."""


class Study:
    """Trains and runs what the trials of one ground ask for.

    Parameters
    ----------
    ground : Ground
        The cases.
    cache : HeldFeatures
        Of the public encoder.
    size : int
        Long side of the working grid.
    oracles : dict
        Oracles found so far; a new one is added.
    """

    def __init__(self, ground: Ground, cache: HeldFeatures, size: int, oracles: Oracles) -> None:
        self._ground, self._cache, self._size, self._oracles = ground, cache, size, oracles
        self._beds: dict[str, TestBed] = {}
        self._trained: dict[tuple[str, str, int], HeadSegmenter] = {}
        self._collected: dict[type[Settings], tuple[HeadSegmenter, Collected]] = {}
        self._setting: tuple[str, float | None, int | None] | None = None

    def measure(self, trial: Trial) -> list[Row]:
        """Measure one trial.

        Parameters
        ----------
        trial : Trial
            Of this ground.

        Returns
        -------
        list of Row
            The trial itself is the last one; before it the same recipe from the public start, where there is that. A
            model that cannot be made is a row with the reason.
        """
        try:
            if trial.model in (COARSE, ORACLE, SCRATCH):
                return [self._plain(trial)]
            return self._revised(trial, info(trial.model))
        except UserError as error:
            tier = "" if trial.model in (COARSE, ORACLE, SCRATCH) else info(trial.model).tier
            return [Row(trial, Numbers(tier, failure=str(error)))]

    def _plain(self, trial: Trial) -> Row:
        start = time.perf_counter()
        if trial.model == COARSE:
            segmenter = self._coarse(trial.coarse, "newton", trial.seed)
        elif trial.model == SCRATCH:
            assert trial.fine is not None
            segmenter = self._fitted(self._ground.masked("", trial.fine), "fine", trial.seed)
        else:
            segmenter = self._oracle(trial)
        seconds = time.perf_counter() - start
        return Row(trial, self._numbers(segmenter, Numbers(seconds=seconds)))

    def _oracle(self, trial: Trial) -> HeadSegmenter:
        key = trial.classes, trial.seed
        if key not in self._oracles:
            if not self._ground.unbiased:
                raise UserError(f"{self._ground.name} has no split whose name ends in 'unbiased', so it has no oracle.")
            self._oracles[key] = self._fitted(self._ground.unbiased, "fine", trial.seed).head
        card = self._card("fine", len(self._ground.unbiased), trial.seed)
        return HeadSegmenter(card, self._cache.encoder, self._oracles[key], self._cache)

    def _revised(self, trial: Trial, operator: OperatorInfo) -> list[Row]:
        segmenter, collected = self._collect(trial, operator.settings)
        problem, budget = collected.problem, Budget(trial.epsilon or 1.0, trial.delta or 1e-5)
        noise = WitnessedNoise(OperatingSystemNoise())
        watch = RunWatch(problem, operator, budget, self._ground.classes)
        rng = np.random.default_rng(trial.seed)
        start = time.perf_counter()
        revision, losses = None, []
        for made in watch.over(load(operator.name).steps(problem, operator.settings(), budget, noise, rng)):
            if isinstance(made, Revision):
                revision = watch.ended(confirmed(operator, made, noise, problem.original.shape))
            elif "loss" in made.metrics:
                losses.append(made.metrics["loss"])
        seconds = time.perf_counter() - start
        if revision is None:
            raise UserError(f"{operator.title} ended without a result; report this to its authors.")
        if not np.isfinite(revision.weights).all():
            raise UserError(f"{operator.title} ended in numbers that are not finite.")
        numbers = Numbers(operator.tier, seconds=seconds, failure=revision.stopped or "")
        if operator.tier == "certified":
            before, after = _loss(problem, problem.original), _loss(problem, revision.weights)
            numbers = dataclasses.replace(
                numbers, loss_before=before, loss_worst=max(losses, default=None), loss_after=after
            )
        revised = revised_head(segmenter, revision.weights, collected.taught)
        rows = [Row(trial, self._numbers(revised, numbers))]
        if revision.reference is not None:
            again = revised_head(segmenter, revision.reference, collected.taught)
            named = dataclasses.replace(trial, model=trial.model + REFERENCE, epsilon=None, delta=None)
            rows.insert(0, Row(named, self._numbers(again, Numbers("exact"))))
        return rows

    def _collect(self, trial: Trial, settings: type[Settings]) -> tuple[HeadSegmenter, Collected]:
        """The model in use and what may be learned from; one for all operators that look at the same pixels."""
        assert trial.fine is not None
        assert trial.swaps is not None
        setting = trial.coarse, trial.fine, trial.swaps
        if setting != self._setting:
            # A set of pixels takes a hundred megabytes.
            self._collected.clear()
            self._cache.forget_composed()
            self._setting = setting
        kind, method = Settings, "newton"
        if issubclass(settings, BoundedSettings):
            kind, method = settings, settings.method
        elif issubclass(settings, MinimumSettings):
            kind = MinimumSettings
        if kind not in self._collected:
            segmenter = self._coarse(trial.coarse, method, trial.seed)
            cases = self._ground.masked(trial.coarse, trial.fine)
            *_, last = collect(segmenter, cases, kind(), trial.swaps, np.random.default_rng(trial.seed))
            assert isinstance(last, Collected)
            self._collected[kind] = segmenter, last
        return self._collected[kind]

    def _coarse(self, coarse: str, method: str, seed: int) -> HeadSegmenter:
        """The model in use, trained by the method that an operator needs."""
        key = coarse, method, seed
        if key not in self._trained:
            cases = self._ground.masked(coarse, 0.0)
            self._trained[key] = (
                self._fitted(cases, "coarse", seed) if method == "newton" else self._bounded(cases, method, seed)
            )
        return self._trained[key]

    def _fitted(self, cases: Sequence[Case], masks: str, seed: int) -> HeadSegmenter:
        *_, head = fit_head(cases, masks, self._cache, self._size, len(self._ground.classes), HeadRecipe(), seed)
        assert isinstance(head, PixelHead)
        return HeadSegmenter(self._card(masks, len(cases), seed), self._cache.encoder, head, self._cache)

    def _bounded(self, cases: Sequence[Case], method: str, seed: int) -> HeadSegmenter:
        noise = OperatingSystemNoise() if method == "pnsgd" else None
        classes = len(self._ground.classes)
        *_, last = fit_bounded(cases, self._cache, self._size, classes, BoundedRecipe(), seed, noise)
        assert isinstance(last, tuple)
        card = dataclasses.replace(self._card("coarse", len(cases), seed), bounded=last[1])
        return HeadSegmenter(card, self._cache.encoder, last[0], self._cache)

    def _card(self, masks: str, cases: int, seed: int) -> ModelCard:
        ground = self._ground
        return ModelCard(ground.classes, ground.positive, self._size, "head", masks, ground.name, cases, seed)

    def _numbers(self, segmenter: HeadSegmenter, numbers: Numbers) -> Numbers:
        """Put a model on both test beds."""
        for name, cases in self._ground.tests.items():
            if name not in self._beds:
                self._beds[name] = TestBed(cases, self._cache, self._size)
        aligned, conflicting = (self._beds[name].measure(segmenter) for name in (ALIGNED, CONFLICTING))
        overlaps = [each for bed in (aligned, conflicting) for each in bed.dice_per_class[1:] if each is not None]
        both = aligned.auroc is not None and conflicting.auroc is not None
        return dataclasses.replace(
            numbers,
            dice_aligned=aligned.dice,
            dice_conflicting=conflicting.dice,
            worst_class_dice=min(overlaps, default=None),
            auroc_aligned=aligned.auroc,
            auroc_conflicting=conflicting.auroc,
            shortcut_gap=aligned.auroc - conflicting.auroc if both else None,  # type: ignore[operator]
            leakage=conflicting.leakage,
            counterfactual_shift=conflicting.counterfactual_shift,
        )


def _loss(problem: Problem, weights: FloatArray) -> float:
    return float(problem.loss_and_gradient(weights, np.random.default_rng(0))[0])
