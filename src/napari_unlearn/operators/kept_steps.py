"""Where an operator goes on whose noisy steps were interrupted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_unlearn.operators.protocol import FloatArray


@dataclass(frozen=True, eq=False)
class KeptSteps:
    """State after some noisy steps; only the first of the steps that follow look at it, as in a run in one piece.

    Attributes
    ----------
    done : int
        Steps whose noise is in the weights.
    weights : ndarray of float64
        After them.
    """

    done: int
    weights: FloatArray


def fresh_draws(seed: int, kept: KeptSteps) -> np.random.Generator:
    """Batches of the steps that follow; another draw than that of the steps before.

    Parameters
    ----------
    seed : int
        Of the run.
    kept : KeptSteps
        Where it goes on.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng([seed, kept.done])
