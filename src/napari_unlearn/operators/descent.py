"""Plain descent on a loss, kept from running away: what the empirical comparators share.

Each of them states its loss and its schedule; Adam, the watch over the retain set and the last good weights are here.
Adam moves every weight at about the same speed whatever the scale of the loss, so one learning rate suits a head and
a U-Net.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.catalogue.comparators import DescentSettings
from napari_unlearn.operators.collapse import CollapseWatch
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import FloatArray, Problem, Revision, Step

WATCH_EVERY = 20
"""Steps between two looks at the retain set."""

STOPPED = "Stopped: the retained pixels began to suffer"
"""Message of the last step of a descent that was ended early."""


def descend(
    problem: Problem,
    start: FloatArray,
    loss: Callable[[Tensor, int], Tensor],
    settings: DescentSettings,
    message: str,
    *,
    steps: int | None = None,
    largest_drop: float = 1.0,
    look: Callable[[int], bool] = lambda step: step % WATCH_EVERY == 0,
    moving: NDArray[np.bool_] | None = None,
) -> Iterator[Step | Revision]:
    """Follow a loss downhill with Adam and keep the last weights that were good.

    Parameters
    ----------
    problem : Problem
        Judges the weights by its retain Dice.
    start : ndarray of float64
        Where the descent starts, of the shape of `Problem.original`.
    loss : callable
        From float32 weights and the number of steps done so far to a scalar, differentiable in the weights.
    settings : DescentSettings
        Learning rate and steps.
    message : str
        What happens, for a person.
    steps : int or None
        Number of steps, where it is not that of the settings.
    largest_drop : float
        The descent ends once retain Dice is this much lower than the best it had, or at another sign of collapse; 1
        never ends it.
    look : callable
        After which number of steps to look at the retain set; the last step is always looked at.
    moving : ndarray of bool or None
        Weights that may move, of the shape of `start`; the others stay as they are, bit for bit. None moves all.

    Yields
    ------
    Step or Revision
        Steps carry the loss, and where the retain set was looked at also its Dice and the weights.
    """
    total = settings.steps if steps is None else steps
    weights = torch.from_numpy(start).float().requires_grad_()
    still = None if moving is None else torch.from_numpy(~moving)
    adam = torch.optim.Adam([weights], lr=settings.learning_rate)
    watch = CollapseWatch(problem, start, largest_drop)
    stopped = None
    for done in range(1, total + 1):
        adam.zero_grad()
        value = loss(weights, done - 1)
        value.backward()  # type: ignore[no-untyped-call]
        if still is not None and weights.grad is not None:
            # Adam leaves alone what never had a gradient.
            weights.grad[still] = 0
        adam.step()
        metrics = {"loss": float(value.detach())}
        current = None
        if done == total or look(done):
            current = weights.detach().double().numpy()
            if moving is not None:
                current = np.where(moving, current, start)
            accepted = watch.accept(current)
            metrics["retain_dice"] = watch.dice
            if not accepted:
                stopped = early_end(watch)
                yield Step(total, total, STOPPED, metrics)
                break
        yield Step(done, total, message, metrics, current)
    yield Revision(watch.weights, stopped=stopped)


def early_end(watch: CollapseWatch) -> str:
    """Say why a run ended before its last step.

    Parameters
    ----------
    watch : CollapseWatch
        It has just refused weights.

    Returns
    -------
    str
        One sentence.
    """
    return f"The run stopped early and kept the last good state, because then {watch.cause}."


def cross_entropy(problem: Problem, weights: Tensor, inputs: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over labelled pixels; 0 where there is none.

    Parameters
    ----------
    problem : Problem
        Turns inputs into class scores.
    weights : Tensor
        Of the shape of `Problem.original`.
    inputs, labels : Tensor
        From `Batches.draw`; labels may be replaced, 255 counts nowhere.

    Returns
    -------
    Tensor
        Scalar, nats.
    """
    if not bool((labels != IGNORE).any()):
        # A mean over nothing is no number; an empty set has no say.
        return weights.sum() * 0
    return functional.cross_entropy(problem.scores(weights, inputs), labels, ignore_index=IGNORE)


def retain_loss(problem: Problem, weights: Tensor, settings: DescentSettings, rng: np.random.Generator) -> Tensor:
    """Cross-entropy on a draw of the retain set, and the penalty of a head.

    Parameters
    ----------
    problem : Problem
        Whose retain set.
    weights : Tensor
        Of the shape of `Problem.original`.
    settings : DescentSettings
        Batch and strength.
    rng : numpy.random.Generator
        Draws the batch.

    Returns
    -------
    Tensor
        Scalar, nats.
    """
    return cross_entropy(problem, weights, *problem.retain.draw(settings.batch, rng)) + pull(problem, weights, settings)


def pull(problem: Problem, weights: Tensor, settings: DescentSettings) -> Tensor:
    """Quadratic penalty of a head's convex objective; the objective of a U-Net has none.

    Parameters
    ----------
    problem : Problem
        Whose objective.
    weights : Tensor
        Of the shape of `Problem.original`.
    settings : DescentSettings
        Its strength.

    Returns
    -------
    Tensor
        Scalar.
    """
    if not isinstance(problem, HeadProblem):
        return weights.new_zeros(())
    return 0.5 * settings.strength * weights.square().sum()
