"""Tier 3. Noisy steps, each of which ends in a ball about a public centre before its noise (Koloskova et al. 2025).

With c the public start, x <- c + clip(x - gamma (g + lambda (x - c)) - c, C2) + N(0, sigma^2 I), from x_hat itself. The
gradient is not clipped. Any two clipped models are at most 2 C2 apart, whatever the step did, and every further step
lets them grow together: the delta that epsilon leaves over shrinks from step to step (`privacy.model_clipping`). sigma
is the least noise with which the recorded steps meet the budget; the paper's experiments fix it by hand. The delta of a
step is calculated through logarithms of normal tails, where the released code subtracts error functions and returns 0
or noise below 1e-16. A fit to the retain set follows; it is post-processing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.errors import UserError
from napari_unlearn.operators.ball import HIDING, clip, learn_again
from napari_unlearn.operators.catalogue.certified_ball import ModelClippingSettings
from napari_unlearn.operators.kept_steps import KeptSteps
from napari_unlearn.operators.protocol import Budget, FloatArray, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import model_clipping
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class ModelClipping:
    """The noisy phase, then a fit to the retain set.

    Attributes
    ----------
    kept : KeptSteps or None
        Where to go on after an interruption.
    """

    kept: KeptSteps | None = None

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, ModelClippingSettings)
        try:
            sigma = model_clipping.sigma(
                budget.epsilon, budget.delta, model_radius=settings.model_radius, steps=settings.steps
            )
        except ValueError as error:
            raise UserError(str(error)) from error
        total = settings.steps + 2 * (settings.finetune + 1)
        weights, done = (problem.original, 0) if self.kept is None else (self.kept.weights, self.kept.done)
        for t in range(done + 1, settings.steps + 1):
            loss, weights = noisy_step(problem, weights, settings, sigma, noise, rng)
            yield Step(t, total, HIDING, {"loss": loss}, weights)
        for item in learn_again(problem, weights, settings.finetune, rng, settings.steps):
            if isinstance(item, Step):
                yield item
                continue
            yield Revision(
                item[0],
                "model-clipping",
                {
                    "model_radius": settings.model_radius,
                    "steps": settings.steps,
                    "attempt_epsilon": budget.epsilon,
                    "attempt_delta": model_clipping.delta(
                        budget.epsilon, model_radius=settings.model_radius, sigma=sigma, steps=settings.steps
                    ),
                    "sigma": sigma,
                },
                reference=item[1],
                noise=noise.description,
                noise_certifies=noise.certifies,
            )


def noisy_step(
    problem: Problem,
    weights: FloatArray,
    settings: ModelClippingSettings,
    sigma: float,
    noise: NoiseSource,
    rng: np.random.Generator,
) -> tuple[float, FloatArray]:
    """One step of the mechanism.

    Parameters
    ----------
    problem : Problem
        Its retain objective.
    weights : ndarray of float64
        Where the step starts.
    settings : ModelClippingSettings
        Radius, step size and decay.
    sigma : float
        Noise per entry.
    noise : NoiseSource
        Draws it.
    rng : numpy.random.Generator
        Draws the batch.

    Returns
    -------
    loss : float
        Retain loss at the start of the step, nats.
    weights : ndarray of float64
        Where it ends.
    """
    loss, gradient = problem.loss_and_gradient(weights, rng)
    away = weights - problem.public
    away *= 1 - settings.step_size * settings.decay
    away -= settings.step_size * gradient
    moved = clip(away, settings.model_radius)
    moved += problem.public
    moved += noise.gaussian(weights.shape, sigma)
    return loss, moved


operator = ModelClipping()
