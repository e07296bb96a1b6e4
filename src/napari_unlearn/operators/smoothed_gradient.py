"""Tier 4. Fit the retain set by gradients that are smoothed and quantised (PCMU, Zhang et al., NeurIPS 2022).

    w <- w - eta_t q(mean of clipped gradients of single samples + strength (w - c)),   c the public start

q is that of `quantised_gradient`, eta_t falls linearly to zero. As long as no more samples than the removal budget are
taken out of any step, not one quantised gradient changes and so neither does the result. That is a statement about
removing data from *this* fit. About the labels the model in use was trained with it says nothing, unless that training
went by the same steps; and a single undecided coordinate in any step makes it empty. It is no (epsilon, delta) and is
reported as a number only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from napari_unlearn.operators.catalogue.empirical import SmoothedGradientSettings
from napari_unlearn.operators.collapse import CollapseWatch
from napari_unlearn.operators.descent import STOPPED, WATCH_EVERY, early_end
from napari_unlearn.operators.protocol import Budget, FloatArray, Problem, Revision, Step
from napari_unlearn.operators.quantised_gradient import quantise, removal_budget
from napari_unlearn.operators.sample_gradients import clipped_mean_gradient
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class SmoothedGradient:
    """Quantised steps; stops, with the last good weights, when the retain set suffers."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, SmoothedGradientSettings)
        weights = (problem.public if settings.public_start else problem.original).copy()
        watch = CollapseWatch(problem, weights.copy())
        stopped = None
        # What a coordinate of the longest gradient has on average, so that the settings suit any number of weights.
        unit = settings.gradient_bound / math.sqrt(weights.size)
        tally = _Tally(settings.gradient_bound)
        for t in range(settings.steps):
            inputs, labels = problem.retain.draw(settings.batch, rng)
            mean = clipped_mean_gradient(
                problem, torch.from_numpy(weights).float(), inputs, labels, settings.gradient_bound
            )
            # The pull to the public start depends on no sample, so it needs no clip.
            gradient = mean.gradient.double().numpy() + settings.strength * (weights - problem.public)
            quantised = quantise(gradient, settings.threshold * unit, settings.smoothing * unit)
            metrics = {"loss": mean.loss, **tally.add(quantised.radius, mean.samples)}
            weights = weights - settings.step_size * (1 - t / settings.steps) * quantised.values
            current = None
            if (t + 1) % WATCH_EVERY == 0 or t + 1 == settings.steps:
                current = weights.copy()
                kept = watch.accept(current)
                metrics["retain_dice"] = watch.dice
                if not kept:
                    stopped = early_end(watch)
                    yield Step(settings.steps, settings.steps, STOPPED, metrics)
                    break
            yield Step(t + 1, settings.steps, "Learning by smoothed and quantised gradients", metrics, current)
        yield Revision(watch.weights, numbers=tally.numbers(), stopped=stopped)


class _Tally:
    """What may be removed from the steps so far."""

    def __init__(self, bound: float) -> None:
        self._bound = bound
        self._budgets: list[int] = []
        self._stable: list[float] = []

    def add(self, radius: FloatArray, samples: int) -> dict[str, float]:
        """Count a step."""
        self._budgets.append(removal_budget(float(radius.min()), samples, self._bound))
        self._stable.append(float((radius >= 2 * self._bound / samples).mean()))
        return {"removal_budget": min(self._budgets), "stable_share": self._stable[-1]}

    def numbers(self) -> dict[str, float]:
        """The budget of the whole fit, and the share of its decisions that outlast the loss of one sample."""
        return {"removal_budget": min(self._budgets), "stable_share": float(np.mean(self._stable))}


operator = SmoothedGradient()
