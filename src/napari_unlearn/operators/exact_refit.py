"""Tier 1. The head is the only part that saw labels, so fitting it anew from zero forgets exactly.

The result is a function of the public encoder, of image content and of retained (and corrected) labels; the law of the
output is therefore the same whether the forgotten labels ever existed: epsilon = 0, delta = 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.operators.protocol import Budget, HeadProblem, Revision, Step
from napari_unlearn.operators.settings import ExactRefitSettings, Settings
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class ExactRefit:
    """Newton's method from the zero head on the retain set."""

    def steps(
        self, problem: HeadProblem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, ExactRefitSettings)
        convex = problem.retain_problem(settings.strength)
        newton = convex.newton(np.zeros(convex.shape), settings.iterations, settings.tolerance)
        for i, state in enumerate(newton):
            yield Step(
                i, settings.iterations, "Fitting the head anew", {"loss": state.loss, "residual": state.residual}
            )
        yield Revision(state.weights, "none-needed", {"residual_reached": state.residual})


operator = ExactRefit()
