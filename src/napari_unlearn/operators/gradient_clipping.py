"""Tier 3. Noisy clipped gradient steps about a public centre (Koloskova et al. 2025, Theorem 4.1).

With c the public start, x_0 = c + clip(x_hat - c, C0) and x <- x - gamma (clip(g, C1) + lambda (x - c)) +
N(0, sigma_t^2 I). The clip acts on the gradient as one vector, decay is added after it and the noise is not scaled by
gamma. sigma comes from the exact Gaussian-DP curve of the mechanism, not from the closed form of the paper, whose
constant is not sufficient at large epsilon, nor from the released code, whose two branches (with and without decay)
disagree by a factor of sqrt(2). A fit to the retain set follows; it is post-processing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.errors import UserError
from napari_unlearn.operators.ball import HIDING, clip, learn_again
from napari_unlearn.operators.catalogue.certified_ball import GradientClippingSettings
from napari_unlearn.operators.kept_steps import KeptSteps
from napari_unlearn.operators.protocol import Budget, FloatArray, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import gradient_clipping
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class GradientClipping:
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
        assert isinstance(settings, GradientClippingSettings)
        decreasing = settings.schedule == 1
        try:
            sigma = gradient_clipping.sigma(
                budget.epsilon,
                budget.delta,
                initial_radius=settings.initial_radius,
                gradient_radius=settings.gradient_radius,
                step_size=settings.step_size,
                steps=settings.steps,
                decay=settings.decay,
                decreasing=decreasing,
            )
        except ValueError as error:
            raise UserError(str(error)) from error
        sigmas = gradient_clipping.noise_schedule(
            sigma, step_size=settings.step_size, steps=settings.steps, decay=settings.decay, decreasing=decreasing
        )
        total = settings.steps + 2 * (settings.finetune + 1)
        if self.kept is None:
            weights, done = problem.public + clip(problem.original - problem.public, settings.initial_radius), 0
        else:
            weights, done = self.kept.weights, self.kept.done
        for t, spread in enumerate(sigmas[done:], start=done + 1):
            loss, weights = noisy_step(problem, weights, settings, spread, noise, rng)
            yield Step(t, total, HIDING, {"loss": loss}, weights)
        for item in learn_again(problem, weights, settings.finetune, rng, settings.steps):
            if isinstance(item, Step):
                yield item
                continue
            yield Revision(
                item[0],
                "gradient-clipping",
                {
                    "initial_radius": settings.initial_radius,
                    "gradient_radius": settings.gradient_radius,
                    "step_size": settings.step_size,
                    "decay": settings.decay,
                    "steps": settings.steps,
                    "schedule": settings.schedule,
                    "sigma": sigma,
                },
                reference=item[1],
                noise=noise.description,
                noise_certifies=noise.certifies,
            )


def noisy_step(
    problem: Problem,
    weights: FloatArray,
    settings: GradientClippingSettings,
    sigma: float,
    noise: NoiseSource,
    rng: np.random.Generator,
) -> tuple[float, FloatArray]:
    """One step of the mechanism.

    Parameters
    ----------
    problem : Problem
        Its retain objective; the gradient of its small regulariser is clipped together with that of the loss.
    weights : ndarray of float64
        Where the step starts.
    settings : GradientClippingSettings
        Radii, step size and decay.
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
    # In place: a U-Net has a million weights, and every new array of them is memory to fetch.
    moved = weights - problem.public
    moved *= settings.decay
    moved += clip(gradient, settings.gradient_radius)
    moved *= -settings.step_size
    moved += weights
    moved += noise.gaussian(weights.shape, sigma)
    return loss, moved


operator = GradientClipping()
