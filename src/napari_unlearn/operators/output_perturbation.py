"""Tier 3. One Gaussian on a model that was moved into a ball about a public centre.

With c the public start, x = c + clip(x_hat - c, C0) + N(0, sigma^2 I) and sigma = 2 C0 / mu(epsilon, delta), since any
two models of the ball are at most 2 C0 apart (Dwork et al. 2006 with the exact calibration of Balle and Wang 2018). The
radius is fixed beforehand; one that is measured on the model in use would tell about it. A fit to the retain set
follows; it is post-processing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.errors import UserError
from napari_unlearn.operators.ball import HIDING, clip, learn_again
from napari_unlearn.operators.catalogue.certified_ball import OutputPerturbationSettings
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import output_perturbation
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class OutputPerturbation:
    """One draw of noise, then a fit to the retain set."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, OutputPerturbationSettings)
        try:
            sigma = output_perturbation.sigma(budget.epsilon, budget.delta, radius=settings.radius)
        except ValueError as error:
            raise UserError(str(error)) from error
        weights = problem.public + clip(problem.original - problem.public, settings.radius)
        weights = weights + noise.gaussian(weights.shape, sigma)
        # The loss of the noisy model, which is the first that may be told.
        loss, _ = problem.loss_and_gradient(weights, rng)
        yield Step(1, 1 + 2 * (settings.finetune + 1), HIDING, {"loss": loss}, weights)
        for item in learn_again(problem, weights, settings.finetune, rng, 1):
            if isinstance(item, Step):
                yield item
                continue
            yield Revision(
                item[0],
                "output-perturbation",
                {"radius": settings.radius, "sigma": sigma},
                reference=item[1],
                noise=noise.description,
                noise_certifies=noise.certifies,
            )


operator = OutputPerturbation()
