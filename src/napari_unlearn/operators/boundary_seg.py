"""Tier 4. Relabel what is to be forgotten by what lies across the decision boundary, then fine-tune.

L = mean over forget of CE(label across the boundary of the model in use) + phi * mean over retain of CE(kept label)

The inner search is that of `sign_search`, on the model in use, which stays frozen; where no boundary is within reach
the label becomes background. After Nahass et al. (arXiv 2505.21872), for every pixel of a batch at once. Unlike the
released code the search measures distances in the space it moves in, gives labels instead of raw scores to the loss,
and learns from training cases only.

By default every lesion class counts as lesion, and the boundary is the one to background: across the boundary of a
single class there is often another kind of lesion, which an artefact is not. All forget pixels then become background,
crossed or not, and the outer problem is fine-tuning on corrected masks; the share that crossed says how deep inside the
lesion class the model in use had them. Nothing is known about the influence of the forgotten labels on the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.catalogue.empirical import BoundarySegSettings
from napari_unlearn.operators.collapse import LARGEST_DROP
from napari_unlearn.operators.descent import cross_entropy, descend, pull
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.operators.sign_search import Crossing, SignSearch, cross
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class BoundarySeg:
    """Searches once, then descends; stops, with the last good weights, when the retain set suffers."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, BoundarySegSettings)
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        total = settings.relabelled_batches + settings.steps
        tally = _Tally()
        relabelled: list[tuple[Tensor, Tensor]] = []
        for done in range(1, settings.relabelled_batches + 1):
            inputs, coarse = problem.forget.draw(settings.batch, rng)
            crossing = relabel(problem, inputs, coarse, settings, generator)
            tally.add(crossing)
            relabelled.append((inputs, crossing.labels))
            yield Step(done, total, "Looking for the boundary of the forgotten labels", tally.shares())

        def loss(weights: Tensor, done: int) -> Tensor:
            kept = cross_entropy(problem, weights, *problem.retain.draw(settings.batch, rng))
            forgotten = cross_entropy(problem, weights, *relabelled[done % len(relabelled)])
            return forgotten + settings.retain_weight * kept + pull(problem, weights, settings)

        message = "Learning what lies across the boundary"
        for item in descend(problem, problem.original, loss, settings, message, largest_drop=LARGEST_DROP):
            if isinstance(item, Step):
                yield replace(item, done=settings.relabelled_batches + item.done, total=total)
            else:
                yield replace(item, numbers=tally.shares())


def relabel(
    problem: Problem, inputs: Tensor, coarse: Tensor, settings: BoundarySegSettings, generator: torch.Generator
) -> Crossing:
    """Labels across the boundary of the model in use.

    Parameters
    ----------
    problem : Problem
        Turns inputs into class scores.
    inputs, coarse : Tensor
        From `Batches.draw` of the forget set.
    settings : BoundarySegSettings
        Numbers of the search.
    generator : torch.Generator
        Draws the perturbation.

    Returns
    -------
    Crossing
    """
    frozen = torch.from_numpy(problem.original).float()
    search = SignSearch(
        settings.image_reach if inputs.ndim == 4 else settings.reach,
        settings.search_steps,
        settings.first_step,
        settings.perturbation,
        settings.pull,
        settings.pull_decay,
    )
    if not settings.leave_lesion:
        return cross(lambda x: problem.scores(frozen, x), inputs, coarse, search, generator)
    lesion = torch.where(coarse == IGNORE, IGNORE, coarse.clamp(max=1))
    return cross(lambda x: lesion_scores(problem.scores(frozen, x)), inputs, lesion, search, generator)


def lesion_scores(scores: Tensor) -> Tensor:
    """Scores of background and of the likeliest lesion class, so that background leads where the model says background.

    Parameters
    ----------
    scores : Tensor, shape (n, K + 1) or (N, K + 1, h, w)
        Class scores.

    Returns
    -------
    Tensor, shape (n, 2) or (N, 2, h, w)
    """
    return torch.cat((scores[:, :1], scores[:, 1:].amax(dim=1, keepdim=True)), dim=1)


class _Tally:
    def __init__(self) -> None:
        self._pixels = self._crossed = self._background = 0

    def add(self, crossing: Crossing) -> None:
        self._pixels += int((crossing.labels != IGNORE).sum())
        self._crossed += int(crossing.crossed.sum())
        self._background += int((crossing.labels == 0).sum())

    def shares(self) -> dict[str, float]:
        """Of the forget pixels so far: those that crossed a boundary, and those relabelled as background."""
        if not self._pixels:
            return {}
        return {
            "crossed_share": self._crossed / self._pixels,
            "background_share": self._background / self._pixels,
        }


operator = BoundarySeg()
