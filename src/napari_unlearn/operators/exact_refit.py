"""Tier 1. Only the revised weights ever saw labels, so fitting them anew from the public start forgets exactly.

The result is a function of the public encoder, of image content and of retained (and corrected) labels; the law of the
output is therefore the same whether the forgotten labels ever existed: epsilon = 0, delta = 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.operators.catalogue.exact import ExactRefitSettings
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class ExactRefit:
    """A fit to the retain set from the public start."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, ExactRefitSettings)
        fit = problem.learn(problem.public, settings.iterations, rng, settings.tolerance)
        for i, state in enumerate(fit):
            metrics = {"loss": state.loss} | ({} if state.residual is None else {"residual": state.residual})
            # The start itself has learned nothing that would be worth keeping.
            reached = state.weights if i else None
            yield Step(i, settings.iterations, "Fitting anew from the public start", metrics, reached)
        numbers = {} if state.residual is None else {"residual_reached": state.residual}
        yield Revision(state.weights, "none-needed", numbers)


operator = ExactRefit()
