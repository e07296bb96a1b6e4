"""Tier 4. SCRUB: a student moves away from its teacher on the forget set and stays with it on the retain set.

The teacher is the model in use, the student starts as its copy. With p(w) = softmax(scores(w) / temperature) and
D(w) = temperature^2 * mean over pixels of KL(p(teacher) || p(w)), a pushing pass descends on - D over the forget set, a
learning pass on alpha * D + gamma * CE(kept label) over the retain set + strength / 2 * |w|^2 for a head (after
Kurmanji et al. 2023, whose alternation is kept).

Two things differ for pixels. At the teacher D has no slope, so a first push would follow rounding errors; each push
therefore comes after a learning pass. And corrected pixels belong to the retain set while the teacher is wrong about
them, so alpha is smaller by default than the published 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.catalogue.comparators import ScrubSettings
from napari_unlearn.operators.descent import cross_entropy, descend, pull
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource


@dataclass(frozen=True)
class Scrub:
    """Alternates pushing and learning passes."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, ScrubSettings)
        teacher = torch.from_numpy(problem.original).float()
        pushing, ends = schedule(settings)

        def loss(weights: Tensor, done: int) -> Tensor:
            if pushing[done]:
                return -divergence(problem, teacher, weights, problem.forget.draw(settings.batch, rng), settings)
            retain = problem.retain.draw(settings.batch, rng)
            close = settings.alpha * divergence(problem, teacher, weights, retain, settings)
            kept = settings.gamma * cross_entropy(problem, weights, *retain)
            return close + kept + pull(problem, weights, settings)

        yield from descend(
            problem,
            problem.original,
            loss,
            settings,
            "Moving away from the model in use, and back to it where it may remember",
            steps=len(pushing),
            largest_drop=settings.largest_drop,
            # What pushing breaks, the learning passes after it are there to mend; only then is it time to judge.
            look=ends.__contains__,
        )


def schedule(settings: ScrubSettings) -> tuple[list[bool], frozenset[int]]:
    """Which steps push, and when to judge.

    Parameters
    ----------
    settings : ScrubSettings
        Numbers and lengths of passes; there are never more pushes than learning passes to follow them.

    Returns
    -------
    pushing : list of bool
        True for a step that pushes; the first and the last pass learn.
    ends : frozenset of int
        After how many steps a learning pass ends that no push follows.
    """
    pushes = min(settings.pushes, settings.passes - 1)
    learn, push = [False] * settings.steps, [True] * settings.push_steps
    alternating = (learn + push) * pushes
    rest = settings.passes - pushes
    ends = (len(alternating) + settings.steps * done for done in range(1, rest + 1))
    return alternating + learn * rest, frozenset(ends)


def divergence(
    problem: Problem, teacher: Tensor, weights: Tensor, drawn: tuple[Tensor, Tensor], settings: ScrubSettings
) -> Tensor:
    """D of the module docstring: how far the student's scores are from the teacher's.

    Parameters
    ----------
    problem : Problem
        Turns inputs into class scores.
    teacher, weights : Tensor
        Of the shape of `Problem.original`.
    drawn : tuple of Tensor
        Inputs and labels from `Batches.draw`; only labelled pixels count.
    settings : ScrubSettings
        Its temperature.

    Returns
    -------
    Tensor
        Scalar, nats, not negative; 0 at the teacher and where nothing is labelled.
    """
    inputs, labels = drawn
    known = labels != IGNORE
    if not bool(known.any()):
        return weights.sum() * 0
    with torch.no_grad():
        wanted = functional.log_softmax(problem.scores(teacher, inputs) / settings.temperature, dim=1)
    shown = functional.log_softmax(problem.scores(weights, inputs) / settings.temperature, dim=1)
    apart = (wanted.exp() * (wanted - shown)).sum(dim=1)
    return settings.temperature**2 * apart[known].mean()


operator = Scrub()
