"""Tier 4. Fine-tuning: from the weights in use, descend on the retain set and on nothing else.

L = mean over retain of CE(kept label) + strength / 2 * |w|^2 for a head.

Nothing pushes the forgotten labels away; what the retain set does not contradict stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.operators.catalogue.comparators import FineTuneSettings
from napari_unlearn.operators.descent import descend, retain_loss
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class FineTune:
    """Descends from the weights in use."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, FineTuneSettings)
        yield from descend(
            problem,
            problem.original,
            lambda weights, _: retain_loss(problem, weights, settings, rng),
            settings,
            "Learning what may be kept",
        )


operator = FineTune()
