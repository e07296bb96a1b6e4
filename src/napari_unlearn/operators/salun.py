"""Tier 4. SalUn: random labels, but only for the weights that matter most to the forget set.

A weight is salient when the size of its slope, |d/dw mean over forget of CE(coarse label)| at the weights in use, lies
above a quantile of all sizes (Fan et al. 2024; the median by default). The loss is that of `random_label`;
weights that are not salient keep their value bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from napari_unlearn.operators.catalogue.comparators import SalUnSettings
from napari_unlearn.operators.descent import cross_entropy, descend
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.random_label import random_label_loss
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource

_DRAWS = 8  # batches that the slope is averaged over, so that the choice of weights is not an accident of one draw


@dataclass(frozen=True)
class SalUn:
    """Descends from the weights in use along the salient ones."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, SalUnSettings)
        yield from descend(
            problem,
            problem.original,
            lambda weights, _: random_label_loss(problem, weights, settings, rng),
            settings,
            "Teaching the forgotten pixels random labels, by the weights that matter to them",
            largest_drop=settings.largest_drop,
            moving=salient(problem, settings, rng),
        )


def salient(problem: Problem, settings: SalUnSettings, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Find the weights that matter most to the forget set.

    Parameters
    ----------
    problem : Problem
        Whose forget set.
    settings : SalUnSettings
        Batch and quantile.
    rng : numpy.random.Generator
        Draws the batches.

    Returns
    -------
    ndarray of bool
        Of the shape of `Problem.original`.
    """
    weights = torch.from_numpy(problem.original).float().requires_grad_()
    for _ in range(_DRAWS):
        cross_entropy(problem, weights, *problem.forget.draw(settings.batch, rng)).backward()  # type: ignore[no-untyped-call]
    assert weights.grad is not None
    size = weights.grad.abs().double().numpy()
    # A weight without any slope does not matter, whatever the quantile.
    above: NDArray[np.bool_] = (size > np.quantile(size, settings.quantile)) | (settings.quantile == 0)
    return above & (size > 0)


operator = SalUn()
