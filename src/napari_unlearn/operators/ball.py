"""What the operators of the certified ball share: the clip that makes the ball, and the fit that follows the noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_unlearn.operators.protocol import FloatArray, Problem, Step

HIDING = "Hiding the forgotten labels in noise"
"""What the noisy steps say they do."""

COMPARING = "The same from the public start, for comparison"
"""What the fit of the reference says it does."""


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
        A new one.
    """
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm):
        # Zero has norm below any radius, so the guarantee survives a gradient that overflowed.
        return np.zeros_like(vector)
    return vector * (min(1.0, radius / norm) if norm > 0 else 1.0)


def learn_again(
    problem: Problem, weights: FloatArray, rounds: int, rng: np.random.Generator, done: int
) -> Iterator[Step | tuple[FloatArray, FloatArray]]:
    """Fit the retain set from the noisy weights, then from the public start; post-processing, so it costs no budget.

    At a small budget the noise drowns the model in use and the operators of the ball mostly learn again (nobody who is
    certified from every start in a ball can do better than e^epsilon times the same from the public one), which is why
    what the public start alone would have given stands beside every run.

    Parameters
    ----------
    problem : Problem
        Its retain objective.
    weights : ndarray of float64
        After the noise.
    rounds : int
        Of `Problem.learn`, for each of the two.
    rng : numpy.random.Generator
        Draws the batches.
    done : int
        Steps that were made before.

    Yields
    ------
    Step
        One a round; the loss is that of the first fit.
    tuple of ndarray
        At the end: revised weights and reference.
    """
    total = done + 2 * (rounds + 1)
    ends: list[FloatArray] = []
    for start, message in ((weights, "Learning again from what may be kept"), (problem.public, COMPARING)):
        reached = start
        for state in problem.learn(start, rounds, rng):
            reached = state.weights
            done += 1
            # Of the reference only its end is of use.
            yield Step(done, total, message) if ends else Step(done, total, message, {"loss": state.loss}, reached)
        ends.append(reached)
    yield ends[0], ends[1]
