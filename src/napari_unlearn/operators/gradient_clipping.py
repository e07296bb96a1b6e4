"""Tier 3. Noisy clipped gradient steps about a public centre (Koloskova et al. 2025, Theorem 4.1).

With c the public start, x_0 = c + clip(x_hat - c, C0) and x <- x - gamma (clip(g, C1) + lambda (x - c)) +
N(0, sigma^2 I). The
clip acts on the gradient as one vector, decay is added after it and the noise is not scaled by gamma. sigma comes from
the exact Gaussian-DP curve of the mechanism, not from the closed form of the paper, whose constant is not sufficient at
large epsilon. A fit to the retain set follows; it is post-processing.

At a small budget the noise drowns the head in use, so the method mostly learns again; the same recipe from the public
start is therefore always run beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unlearn.errors import UserError
from napari_unlearn.operators.catalogue.certified_ball import GradientClippingSettings
from napari_unlearn.operators.protocol import Budget, FloatArray, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import gradient_clipping
from napari_unlearn.privacy.noise import NoiseSource


def clip(vector: FloatArray, radius: float) -> FloatArray:
    """Shorten `vector` to `radius` by its norm over all entries; a vector that is not finite becomes zero.

    Parameters
    ----------
    vector : ndarray of float64
        Any shape; one norm over everything.
    radius : float
        Largest norm that is kept.

    Returns
    -------
    ndarray of float64
    """
    if not np.isfinite(vector).all():
        # Zero has norm below any radius, so the guarantee survives a gradient that overflowed.
        return np.zeros_like(vector)
    norm = float(np.linalg.norm(vector))
    return vector * min(1.0, radius / norm) if norm > 0 else vector


@dataclass(frozen=True)
class GradientClipping:
    """The noisy phase, then a fit to the retain set."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, GradientClippingSettings)
        try:
            sigma = gradient_clipping.sigma(
                budget.epsilon,
                budget.delta,
                initial_radius=settings.initial_radius,
                gradient_radius=settings.gradient_radius,
                step_size=settings.step_size,
                steps=settings.steps,
                decay=settings.decay,
            )
        except ValueError as error:
            raise UserError(str(error)) from error
        total = settings.steps + 2 * (settings.finetune + 1)
        weights = problem.public + clip(problem.original - problem.public, settings.initial_radius)
        for t in range(settings.steps):
            loss, weights = noisy_step(problem, weights, settings, sigma, noise, rng)
            yield Step(t + 1, total, "Hiding the forgotten labels in noise", {"loss": loss})
        done = settings.steps
        ends = []
        starts = (weights, problem.public)
        names = ("Learning again from what may be kept", "The same from the public start, for comparison")
        for name, start in zip(names, starts, strict=True):
            for state in problem.learn(start, settings.finetune, rng):
                done += 1
                yield Step(done, total, name, {"loss": state.loss} if start is weights else {})
            ends.append(state.weights)
        yield Revision(
            ends[0],
            "gradient-clipping",
            {
                "initial_radius": settings.initial_radius,
                "gradient_radius": settings.gradient_radius,
                "step_size": settings.step_size,
                "decay": settings.decay,
                "steps": settings.steps,
                "sigma": sigma,
            },
            reference=ends[1],
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
    away = weights - problem.public
    moved = weights - settings.step_size * (clip(gradient, settings.gradient_radius) + settings.decay * away)
    return loss, moved + noise.gaussian(weights.shape, sigma)


operator = GradientClipping()
