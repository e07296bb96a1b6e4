"""Tier 4. Retraining: from the public start, descend on the retain set.

L = mean over retain of CE(kept label) + strength / 2 * |w|^2 for a head.

The weights in use are never looked at, so the result is free of forgotten labels where nothing else saw one, such as a
fine-tuned encoder. It stands among the empirical operators because it does not check that, and because it is the
yardstick of the literature, stochastic and stopped after a number of steps; `exact_refit` is the checked form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.operators.catalogue.comparators import RetrainSettings
from napari_unlearn.operators.descent import descend, retain_loss
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class Retrain:
    """Descends from the public start."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, RetrainSettings)
        yield from descend(
            problem,
            problem.public,
            lambda weights, _: retain_loss(problem, weights, settings, rng),
            settings,
            "Training anew on what may be kept",
        )


operator = Retrain()
