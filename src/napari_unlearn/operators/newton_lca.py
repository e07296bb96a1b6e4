"""Tier 4. One damped Newton step on the retain loss, with a local convex approximation (Zhang et al. 2024).

    w <- w - (H + lambda I)^-1 grad L_r(w),   H the Hessian of the retain loss at w, solved for by LiSSA

The paper bounds the distance to the retrained weights by 2 C (M C + lambda) / (lambda + lambda_min), with C the radius
of the weights and M the Lipschitz constant of the Hessian, and would hide it in noise. Where lambda_min <= 0, the case
the damping is for, that is at least 2 C: what any two points of the ball satisfy anyway. It says more only if
lambda_min > M C, where the loss is strongly convex already and a measured residual says more still. So there is no
certificate and no noise here; the released code draws noise of a constant size, which certifies nothing either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from napari_unlearn.errors import UserError
from napari_unlearn.models.unet_training import segmentation_loss
from napari_unlearn.operators.catalogue.empirical import NewtonLcaSettings
from napari_unlearn.operators.collapse import CollapseWatch
from napari_unlearn.operators.descent import cross_entropy, early_end
from napari_unlearn.operators.lissa import hessian_product, largest_curvature, lissa
from napari_unlearn.operators.protocol import Budget, FloatArray, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource

_TELL_EVERY = 5
_HALVINGS = 6  # a step shortened 64 times is no step any more
_POWER_ITERATIONS = 15


@dataclass(frozen=True)
class NewtonLca:
    """Newton steps, each shortened until the retain set does not suffer."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, NewtonLcaSettings)
        total = settings.newton_steps * (settings.averages * settings.depth + 1)
        good = CollapseWatch(problem, problem.original)
        stopped = None
        done, scale, length = 0, 0.0, 1.0
        for _ in range(settings.newton_steps):
            weights = good.weights
            curvature = Curvature(problem, weights, settings, rng)
            scale = settings.scale_margin * curvature.norm()
            step = np.zeros_like(weights)
            for _ in range(settings.averages):
                gradient = _mean_gradient(problem, weights, settings.gradient_draws, rng)
                solution = torch.zeros(weights.shape)
                for solution in lissa(curvature, torch.from_numpy(gradient).float(), scale, settings.depth):  # noqa: B007
                    done += 1
                    if done % _TELL_EVERY == 0:
                        yield Step(done, total, "Solving for the Newton step")
                step += solution.double().numpy() / settings.averages
            if not np.isfinite(step).all():
                raise UserError(
                    f"The Newton step did not converge at a scale of {scale:.3g}; choose a larger scale_margin or more "
                    "damping."
                )
            length = _shorten(good, step)
            done += 1
            metrics = {"loss": problem.loss_and_gradient(good.weights, rng)[0], "step_length": length}
            metrics["retain_dice"] = good.dice
            if not length:
                stopped = early_end(good)
                yield Step(total, total, "Stopped: the retained pixels would suffer", metrics)
                break
            yield Step(done, total, "Took the Newton step", metrics, good.weights)
        yield Revision(good.weights, numbers={"scale": scale, "step_length": length}, stopped=stopped)


class Curvature:
    """Products of H_j + lambda I, every one on a fresh batch of the retain set.

    Parameters
    ----------
    problem : Problem
        Gives the batches.
    weights : ndarray of float64
        Where the Hessian is taken.
    settings : NewtonLcaSettings
        Batch, damping and strength. A head's objective has a regulariser of that strength; a U-Net's has none, and
        there it is a little more damping.
    rng : numpy.random.Generator
        Draws the batches.
    """

    def __init__(
        self, problem: Problem, weights: FloatArray, settings: NewtonLcaSettings, rng: np.random.Generator
    ) -> None:
        self._problem, self._settings, self._rng = problem, settings, rng
        self._weights = torch.from_numpy(weights).float()

    def __call__(self, vector: Tensor) -> Tensor:
        """(H_j + lambda I) times a vector."""
        return self._product(vector, self._draw())

    def norm(self) -> float:
        """Largest norm of H_j + lambda I over a few batches."""
        start = torch.from_numpy(self._rng.normal(size=self._weights.shape)).float()
        norms = []
        for _ in range(3):
            batch = self._draw()
            norms.append(largest_curvature(partial(self._product, batch=batch), start, _POWER_ITERATIONS))
        return max(norms)

    def _draw(self) -> tuple[Tensor, Tensor]:
        return self._problem.retain.draw(self._settings.batch, self._rng)

    def _product(self, vector: Tensor, batch: tuple[Tensor, Tensor]) -> Tensor:
        inputs, labels = batch

        def loss(weights: Tensor) -> Tensor:
            # The loss that `Problem.loss_and_gradient` differentiates, on a head and on a U-Net.
            if inputs.ndim == 4:
                return segmentation_loss(self._problem.scores(weights, inputs), labels)
            return cross_entropy(self._problem, weights, inputs, labels)

        curved = hessian_product(loss, self._weights, vector)
        return curved + (self._settings.strength + self._settings.damping) * vector


def _mean_gradient(problem: Problem, weights: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    gradient = np.zeros_like(weights)
    for _ in range(draws):
        gradient += problem.loss_and_gradient(weights, rng)[1] / draws
    return gradient


def _shorten(good: CollapseWatch, step: FloatArray) -> float:
    """Take as much of the step as the retain set bears; 0 for none."""
    start = good.weights
    for halving in range(_HALVINGS + 1):
        length = 0.5**halving
        if good.accept(start - length * step):
            return length
    return 0.0


operator = NewtonLca()
