"""Tier 4. Gradient ascent: climb the loss of the forgotten labels, with no bound and nothing to hold on to.

L = - mean over forget of CE(coarse label).

The force on a score does not die out once a label is forgotten, so the scores run away and take the retained pixels
with them. That is the published failure, and the reason for the bound in `neggrad_seg`. Here the climb ends, with the
last good weights, when retain Dice falls; `largest_drop` = 1 lets the failure happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.operators.catalogue.comparators import GradientAscentSettings
from napari_unlearn.operators.descent import cross_entropy, descend
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class GradientAscent:
    """Climbs from the weights in use."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, GradientAscentSettings)
        yield from descend(
            problem,
            problem.original,
            lambda weights, _: -cross_entropy(problem, weights, *problem.forget.draw(settings.batch, rng)),
            settings,
            "Pushing the forgotten labels away without bound",
            largest_drop=settings.largest_drop,
        )


operator = GradientAscent()
