"""What an operator is: a problem and a budget in, a revised head and the record of what is guaranteed out.

An operator is a generator of `Step`s that ends with a `Revision`. Whoever runs it stops it by no longer asking for the
next step, so that cancelling takes effect within one step and nothing was replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import NoiseSource

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Budget:
    """Privacy budget of a certified operator.

    Attributes
    ----------
    epsilon, delta : float
        epsilon > 0 and 0 < delta < 1.
    """

    epsilon: float
    delta: float


@dataclass(frozen=True, eq=False)
class HeadProblem:
    """Everything an operator may look at, standardised.

    Attributes
    ----------
    retain : PixelSet
        Pixels of the retain set, of composed cases and, where the settings allow it, corrected pixels with their fine
        label.
    forget : PixelSet
        Pixels of the forget set that a person looked at, with the coarse label to forget. Only empirical operators may
        read it.
    original : ndarray of float64, shape (K + 1, F + 1)
        The head in use.
    classes : int
        K + 1.
    """

    retain: PixelSet
    forget: PixelSet
    original: FloatArray
    classes: int

    def retain_problem(self, strength: float) -> ConvexProblem:
        """The convex problem of the retain set."""
        return ConvexProblem(self.retain, self.classes, strength)


@dataclass(frozen=True)
class Step:
    """One step of an operator.

    Attributes
    ----------
    done, total : int
        Position; `total` is an upper bound.
    message : str
        What happens, for a person.
    metrics : mapping of str to float
        Points for curves.
    """

    done: int
    total: int
    message: str
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Revision:
    """What an operator made.

    Attributes
    ----------
    weights : ndarray of float64, shape (K + 1, F + 1)
        The revised head.
    mechanism : str
        Name of the mechanism for the certificate; ``none`` for an empirical operator.
    numbers : mapping of str to float
        What the certificate needs to be checked again.
    reference : ndarray of float64 or None
        Result of the same recipe from the public start, for operators that mostly learn again.
    noise : str
        Where the noise came from; ``none`` if there was none.
    noise_certifies : bool
        False when the noise could be repeated by somebody, so that no certificate may be given.
    """

    weights: FloatArray
    mechanism: str = "none"
    numbers: Mapping[str, float] = field(default_factory=dict)
    reference: FloatArray | None = None
    noise: str = "none"
    noise_certifies: bool = True


class Operator(Protocol):
    """One unlearning algorithm."""

    def steps(
        self, problem: HeadProblem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """Run, telling every step; the last item is the `Revision`.

        Parameters
        ----------
        problem : HeadProblem
            The data.
        settings : Settings
            The operator's own numbers.
        budget : Budget
            Ignored by exact and empirical operators.
        noise : NoiseSource
            Draws the privacy noise.
        rng : numpy.random.Generator
            Draws everything else.

        Yields
        ------
        Step or Revision
        """
        ...
