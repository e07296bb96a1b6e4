"""What an operator is: a problem and a budget in, revised weights and the record of what is guaranteed out.

An operator is a generator of `Step`s that ends with a `Revision`. Whoever runs it stops it by no longer asking for the
next step, so that cancelling takes effect within one step and nothing was replaced.

The weights that ever saw a label are one array, whatever the model is: the matrix of a head, the flat vector of a
U-Net's trained part. Operators calculate with that array and need not know which it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.models.bounded_training import BoundedTraining
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.certificate import Assumption
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


class Batches(Protocol):
    """Labelled pixels that can be drawn from."""

    def __len__(self) -> int:
        """How many labelled pixels there are; 0 where there is nothing to draw."""

    def draw(self, pixels: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Draw about so many labelled pixels with the probability of their weight.

        Parameters
        ----------
        pixels : int
            A head draws exactly so many, a U-Net as many whole images as hold them.
        rng : numpy.random.Generator
            Source of the draw.

        Returns
        -------
        inputs : Tensor
            What `Problem.scores` takes: features (n, F + 1) float32 or images (N, 3, h, w) float32 from 0 to 1. Empty
            where there is nothing to draw.
        labels : Tensor of int64, shape (n,) or (N, h, w)
            Class ids; 255 (`IGNORE`) where an image has no label.
        """
        ...


@dataclass(frozen=True, eq=False)
class Learned:
    """State of a fit to the retain set.

    Attributes
    ----------
    weights : ndarray of float64
        Current weights.
    loss : float
        Retain loss, nats.
    residual : float or None
        Norm of the gradient of the whole retain objective, where that is known.
    """

    weights: FloatArray
    loss: float
    residual: float | None


class Problem(Protocol):
    """Everything an operator may look at."""

    @property
    def original(self) -> FloatArray:
        """The weights in use: all that labels ever touched."""

    @property
    def public(self) -> FloatArray:
        """Weights of the same shape that no label has touched: where training would start."""

    @property
    def classes(self) -> int:
        """K + 1, background included."""

    @property
    def retain(self) -> Batches:
        """Pixels that may be kept, of composed cases, and corrected pixels where the settings allow it."""

    @property
    def forget(self) -> Batches:
        """Forgotten pixels that a person looked at, with the coarse label to forget.

        Only empirical operators may read it.
        """

    def scores(self, weights: Tensor, inputs: Tensor) -> Tensor:
        """Class scores of drawn inputs, differentiable in both arguments.

        Parameters
        ----------
        weights : Tensor
            Of the shape of `original`; any floating type.
        inputs : Tensor
            From `Batches.draw`.

        Returns
        -------
        Tensor, shape (n, K + 1) or (N, K + 1, h, w)
        """
        ...

    def loss_and_gradient(self, weights: FloatArray, rng: np.random.Generator) -> tuple[float, FloatArray]:
        """Regularised retain loss and its gradient.

        Parameters
        ----------
        weights : ndarray of float64
            Where to evaluate.
        rng : numpy.random.Generator
            Draws the batch, where one is needed; a head looks at every pixel.

        Returns
        -------
        loss : float
            Nats.
        gradient : ndarray of float64
            Of the shape of `weights`.
        """
        ...

    def learn(
        self, start: FloatArray, rounds: int, rng: np.random.Generator, tolerance: float = 1e-9
    ) -> Iterator[Learned]:
        """Fit the retain set; post-processing, so it costs no budget.

        Parameters
        ----------
        start : ndarray of float64
            Where the fit starts.
        rounds : int
            At most so many Newton steps of a head, or passes over the refined cases of a U-Net.
        rng : numpy.random.Generator
            Draws the batches.
        tolerance : float
            A head stops once the norm of its gradient is not above it.

        Yields
        ------
        Learned
            The start itself, then one a round.
        """
        ...

    def retain_dice(self, weights: FloatArray) -> float:
        """Dice of lesion against background on the retain set; 1 where neither has any lesion."""


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
    weights : ndarray of float64 or None
        The weights after this step, where whoever runs the operator should watch them for collapse, may show what
        they do and, unless the operator is certified, may stop with them.
    """

    done: int
    total: int
    message: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    weights: FloatArray | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, eq=False)
class Revision:
    """What an operator made.

    Attributes
    ----------
    weights : ndarray of float64
        The revised weights, of the shape of `Problem.original`.
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
    training : BoundedTraining or None
        How the head has now been trained, for an operator that can go on with it later.
    assumptions : tuple of Assumption
        What the guarantee of this operator rests on beside that of every other one, checked.
    stopped : str or None
        Why the run ended early with the last good weights, or why its result is of little use: one sentence.
    """

    weights: FloatArray
    mechanism: str = "none"
    numbers: Mapping[str, float] = field(default_factory=dict)
    reference: FloatArray | None = None
    noise: str = "none"
    noise_certifies: bool = True
    training: BoundedTraining | None = None
    assumptions: tuple[Assumption, ...] = ()
    stopped: str | None = None


class Operator(Protocol):
    """One unlearning algorithm."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """Run, telling every step; the last item is the `Revision`.

        Parameters
        ----------
        problem : Problem
            The data. An operator that says `OperatorInfo.convex` is only ever given a `HeadProblem`.
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
