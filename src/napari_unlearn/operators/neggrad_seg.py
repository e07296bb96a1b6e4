"""Tier 4. Bounded two-weight NegGrad for pixels: numbers only, never an (epsilon, delta).

L = mean over retain of CE(kept label) + flip * mean over forget of CE(fine label)
    - ascent * mean over forget of min(CE(coarse label), bound).

Unbounded ascent blows the scores up, hence the bound; flip = 1, ascent = 0 is fine-tuning on the corrected masks;
ascent = w corresponds to a mixing weight 1 / (1 + w) in NegGrad+ (Kurmanji et al. 2023). Means are over pixels of each
set, so the weights do not depend on how large the artefacts are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.catalogue.empirical import NegGradSegSettings
from napari_unlearn.operators.collapse import LARGEST_DROP
from napari_unlearn.operators.descent import descend, pull
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class NegGradSeg:
    """Adam on the bounded loss; stops, with the last good head, when the retain set suffers."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, NegGradSegSettings)

        def loss(weights: Tensor, _: int) -> Tensor:
            retain, forget = (side.draw(settings.batch, rng) for side in (problem.retain, problem.forget))
            return bounded_loss(problem, weights, retain, forget, settings) + pull(problem, weights, settings)

        message = "Pushing the forgotten labels away"
        yield from descend(problem, problem.original, loss, settings, message, largest_drop=LARGEST_DROP)


def bounded_loss(
    problem: Problem,
    weights: Tensor,
    retain: tuple[Tensor, Tensor],
    forget: tuple[Tensor, Tensor],
    settings: NegGradSegSettings,
) -> Tensor:
    """The loss of the module docstring for one batch of each set.

    Parameters
    ----------
    problem : Problem
        Turns inputs into class scores.
    weights : Tensor of float32
        Of the shape of `Problem.original`.
    retain, forget : tuple of Tensor
        Inputs and labels from `Batches.draw`: kept labels, and coarse labels to forget; an empty forget set adds
        nothing.
    settings : NegGradSegSettings
        Weights and bound.

    Returns
    -------
    Tensor
        Scalar.
    """
    loss = functional.cross_entropy(problem.scores(weights, retain[0]), retain[1], ignore_index=IGNORE)
    inputs, coarse = forget
    if len(coarse):
        scores = problem.scores(weights, inputs)
        known = coarse != IGNORE
        fine = torch.where(known, 0, coarse)
        loss = loss + settings.flip_weight * functional.cross_entropy(scores, fine, ignore_index=IGNORE)
        pushed = functional.cross_entropy(scores, coarse, ignore_index=IGNORE, reduction="none")[known]
        loss = loss - settings.ascent_weight * pushed.clamp(max=settings.bound).mean()
    return loss


operator = NegGradSeg()
