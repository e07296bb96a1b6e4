"""Tier 2. A measured distance to the retain minimum replaces worst-case bounds.

The retain objective is strongly convex, so a head whose gradient is at most r lies within r / strength of the unique
minimum, wherever it started from. Two runs, one of which never saw the forgotten labels, are thus at most
2 r / strength apart, and a Gaussian of that sensitivity makes them (epsilon, delta)-indistinguishable. r is fixed
before any data is seen; a run that does not reach it is refused. (Guo et al. 2020, carried over to pixels; exact
Gaussian-DP calibration.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.errors import UserError
from napari_unlearn.operators.catalogue.certified_head import ResidualHeadSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import residual
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class ResidualHead:
    """Newton's method from the head in use, then one Gaussian."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, ResidualHeadSettings)
        assert isinstance(problem, HeadProblem)
        convex = problem.convex
        for i, state in enumerate(convex.newton(problem.original, settings.iterations, settings.residual)):
            yield Step(
                i,
                settings.iterations,
                "Moving the head to the retain minimum",
                {"loss": state.loss, "residual": state.residual},
                state.weights,
            )
        if not state.residual <= settings.residual:
            raise UserError(
                f"The head could not be brought close enough to its minimum (gradient {state.residual:.1e} instead of "
                f"{settings.residual:.1e}), so no certificate can be given; allow more iterations, a larger strength "
                "or a larger residual."
            )
        sigma = residual.sigma(
            budget.epsilon, budget.delta, residual=2 * settings.residual, strong_convexity=problem.strength
        )
        weights = state.weights + noise.gaussian(state.weights.shape, sigma)
        yield Revision(
            weights,
            "residual",
            {
                "residual_bound": settings.residual,
                "strong_convexity": problem.strength,
                "sensitivity": 2 * settings.residual / problem.strength,
                "sigma": sigma,
            },
            noise=noise.description,
            noise_certifies=noise.certifies,
        )


operator = ResidualHead()
