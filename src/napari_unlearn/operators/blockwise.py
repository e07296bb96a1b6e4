"""Tier 3. Noisy clipped steps on one block of the weights after the other (after Dolgova and Stich, arXiv 2601.05134).

The weights are split into k blocks of coordinates by a rule that looks at no data. With c the public start, each block
b in turn is moved to c_b + clip(x_b - c_b, C0 / sqrt(k)), then takes T steps x_b <- x_b - gamma (clip(g_b, C1) + lambda
(x_b - c_b)) + N(0, sigma^2 I) while the others stand still. Between two blocks the weights whose turn is still to come
may learn from what is retained and so make up for the noise beside them.

Why this is certified, and what is not done. Two runs are compared that start from different models. Fix the finished
blocks, equal in both; the other blocks may differ at will. The block at hand starts from two points of one ball and its
gradients, whatever they look at, are clipped, so its result is mu_b-GDP; the finished blocks are an adaptive
composition, hence sqrt(k) mu_b (`privacy.blockwise`). Learning in between keeps that argument as long as it moves only
blocks that will be clipped at their own turn. Finished blocks are therefore frozen until all are finished: their
gradient looks at weights that still know what is to be forgotten, and moving along it would bring that back after the
noise: fine-tuning all weights between blocks has no such proof. Nor has the published radius, an assumed distance to a
model retrained from scratch in place of a clip; here every block is really clipped. After the last block a fit of all
weights to the retain set follows; it is post-processing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.errors import UserError
from napari_unlearn.operators.ball import HIDING, clip, learn_again
from napari_unlearn.operators.catalogue.certified_ball import BlockwiseSettings
from napari_unlearn.operators.protocol import Budget, FloatArray, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import blockwise
from napari_unlearn.privacy.noise import NoiseSource

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Blockwise:
    """Block after block: clip, noisy steps, repair of what is left; then a fit to the retain set."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, BlockwiseSettings)
        parts = blocks_of(problem.original.size, settings.blocks, settings.order)
        numbers: dict[str, float] = {
            "initial_radius": settings.initial_radius,
            "gradient_radius": settings.gradient_radius,
            "step_size": settings.step_size,
            "decay": settings.decay,
            "steps": settings.steps,
            "blocks": settings.blocks,
        }
        try:
            sigma = blockwise.sigma(
                budget.epsilon,
                budget.delta,
                initial_radius=settings.initial_radius,
                gradient_radius=settings.gradient_radius,
                step_size=settings.step_size,
                steps=settings.steps,
                decay=settings.decay,
                blocks=settings.blocks,
            )
        except ValueError as error:
            raise UserError(str(error)) from error
        done = 0
        made = settings.blocks * settings.steps + (settings.blocks - 1) * settings.repair
        total = made + 2 * (settings.finetune + 1)
        public = problem.public.ravel()
        weights = problem.original.ravel().copy()
        radius = blockwise.block_radius(settings.initial_radius, settings.blocks)
        for i, part in enumerate(parts):
            weights[part] = public[part] + clip(weights[part] - public[part], radius)
            for _ in range(settings.steps):
                loss, move = clipped_move(problem, weights, part, settings, rng)
                weights[part] += move - settings.step_size * settings.decay * (weights[part] - public[part])
                weights[part] += noise.gaussian(part.shape, sigma)
                done += 1
                reached = weights.reshape(problem.original.shape).copy()
                yield Step(done, total, f"{HIDING}, block {i + 1} of {settings.blocks}", {"loss": loss}, reached)
            for _ in range(settings.repair if i + 1 < settings.blocks else 0):
                open_weights = np.concatenate(parts[i + 1 :])
                loss, move = clipped_move(problem, weights, open_weights, settings, rng)
                weights[open_weights] += move
                done += 1
                reached = weights.reshape(problem.original.shape).copy()
                yield Step(done, total, "Letting the other weights make up for the noise", {"loss": loss}, reached)
        for item in learn_again(problem, weights.reshape(problem.original.shape), settings.finetune, rng, done):
            if isinstance(item, Step):
                yield item
                continue
            yield Revision(
                item[0],
                "blockwise",
                {**numbers, "sigma": sigma},
                reference=item[1],
                noise=noise.description,
                noise_certifies=noise.certifies,
            )


def blocks_of(size: int, blocks: int, order: int) -> list[Positions]:
    """Split the positions of a vector into blocks of nearly equal size, by a rule that looks at no data.

    Parameters
    ----------
    size : int
        Number of weights.
    blocks : int
        Number of blocks, at most `size`.
    order : int
        0 for consecutive positions; any other number seeds a shuffle.

    Returns
    -------
    list of ndarray of int64
        Positions of each block; every position is in exactly one.

    Raises
    ------
    UserError
        There are more blocks than weights.
    """
    if blocks > size:
        raise UserError(f"The model has {size} weights to hide, so it cannot be split into {blocks} blocks.")
    positions = np.random.default_rng(order).permutation(size) if order else np.arange(size)
    return np.array_split(positions, blocks)


def clipped_move(
    problem: Problem, weights: FloatArray, part: Positions, settings: BlockwiseSettings, rng: np.random.Generator
) -> tuple[float, FloatArray]:
    """One clipped gradient step of some of the weights, without decay and noise.

    Parameters
    ----------
    problem : Problem
        Its retain objective.
    weights : ndarray of float64, shape (d,)
        All weights.
    part : ndarray of int64, shape (p,)
        Positions that move.
    settings : BlockwiseSettings
        Gradient radius and step size.
    rng : numpy.random.Generator
        Draws the batch.

    Returns
    -------
    loss : float
        Retain loss before the step, nats.
    move : ndarray of float64, shape (p,)
        What to add.
    """
    loss, gradient = problem.loss_and_gradient(weights.reshape(problem.original.shape), rng)
    return loss, -settings.step_size * clip(gradient.ravel()[part], settings.gradient_radius)


operator = Blockwise()
