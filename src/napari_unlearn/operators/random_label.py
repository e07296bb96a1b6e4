"""Tier 4. Random labels: forgotten pixels learn any class but the one to forget.

L = mean over retain of CE(kept label) + forget_weight * mean over forget of CE(random label)
    + strength / 2 * |w|^2 for a head.

The random label of a pixel is drawn anew in every step, uniformly from the K classes that are not its coarse one, so
that on average the target is their even mixture. With two classes it is always background.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.catalogue.comparators import RandomLabelSettings
from napari_unlearn.operators.descent import cross_entropy, descend, retain_loss
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class RandomLabel:
    """Descends from the weights in use."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, RandomLabelSettings)
        yield from descend(
            problem,
            problem.original,
            lambda weights, _: random_label_loss(problem, weights, settings, rng),
            settings,
            "Teaching the forgotten pixels random labels",
            largest_drop=settings.largest_drop,
        )


def random_label_loss(
    problem: Problem, weights: Tensor, settings: RandomLabelSettings, rng: np.random.Generator
) -> Tensor:
    """The loss of the module docstring on a draw of each set.

    Parameters
    ----------
    problem : Problem
        Whose sets.
    weights : Tensor
        Of the shape of `Problem.original`.
    settings : RandomLabelSettings
        Batch, weight and strength.
    rng : numpy.random.Generator
        Draws batches and labels.

    Returns
    -------
    Tensor
        Scalar, nats.
    """
    kept = retain_loss(problem, weights, settings, rng)
    inputs, coarse = problem.forget.draw(settings.batch, rng)
    other = other_labels(coarse, problem.classes, rng)
    return kept + settings.forget_weight * cross_entropy(problem, weights, inputs, other)


def other_labels(labels: Tensor, classes: int, rng: np.random.Generator) -> Tensor:
    """Draw another class for every labelled pixel, all others equally likely.

    Parameters
    ----------
    labels : Tensor of int64
        Class ids, 255 where there is none.
    classes : int
        K + 1.
    rng : numpy.random.Generator
        Draws.

    Returns
    -------
    Tensor of int64
        Of the same shape; 255 stays.
    """
    # Going 1 to K classes further round the circle of K + 1 never comes back to the start.
    further = torch.from_numpy(rng.integers(1, classes, size=tuple(labels.shape))).to(labels)
    return torch.where(labels == IGNORE, labels, (labels + further) % classes)


operator = RandomLabel()
