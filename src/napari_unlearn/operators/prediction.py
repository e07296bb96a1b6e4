"""What a certified operator will make of a model, found by trying it on a stand-in for that model.

A rehearsal on the model in use would be one more look at it and would have to be charged to the budget. So the operator
is run on the head that an exact refit gives, which is a function of the retain set alone: the guarantee holds for every
start, and what comes out tells nothing about forgotten labels. Its noise is seeded, since nothing of it is released.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Budget, FloatArray, Learned, Operator, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.noise import SeededNoise


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """Heads that one operator made at one budget, one a draw of the noise.

    Attributes
    ----------
    revised : tuple of ndarray of float64
        From the stand-in.
    public : tuple of ndarray of float64
        By the same recipe from the public start; the same number, or one where that does not depend on the draw.
    """

    revised: tuple[FloatArray, ...]
    public: tuple[FloatArray, ...]


class _Rehearsed(HeadProblem):
    """Remembers the fit from the public start, which every draw at every budget repeats; Newton draws nothing."""

    @cached_property
    def _fits(self) -> dict[tuple[int, float], list[Learned]]:
        return {}

    def learn(
        self, start: FloatArray, rounds: int, rng: np.random.Generator, tolerance: float = 1e-9
    ) -> Iterator[Learned]:
        """See `Problem.learn`."""
        fit = super().learn(start, rounds, rng, tolerance)
        if not np.array_equal(start, self.public):
            yield from fit
            return
        if (rounds, tolerance) not in self._fits:
            states = []
            for state in fit:
                states.append(state)
                yield state
            self._fits[rounds, tolerance] = states
        else:
            yield from self._fits[rounds, tolerance]


def stand_in(problem: HeadProblem, rounds: int = 60, tolerance: float = 1e-9) -> Iterator[Step | HeadProblem]:
    """Put the exact refit in the place of the head in use and leave the forget set out.

    Parameters
    ----------
    problem : HeadProblem
        Of a real run.
    rounds : int
        At most so many Newton steps.
    tolerance : float
        The fit ends when the gradient is this small.

    Yields
    ------
    Step or HeadProblem
        The problem comes last; its `original` is the exact refit.
    """
    rng = np.random.default_rng(0)
    for done, state in enumerate(problem.learn(problem.public, rounds, rng, tolerance)):
        yield Step(done, rounds, "Fitting the exact refit", {"loss": state.loss})
    nothing = dataclasses.replace(
        problem.forget_pixels,
        features=problem.forget_pixels.features[:0],
        labels=problem.forget_pixels.labels[:0],
        weights=problem.forget_pixels.weights[:0],
    )
    yield _Rehearsed(problem.retain_pixels, nothing, state.weights, problem.classes, problem.strength)


def rehearse(
    operator: Operator, problem: HeadProblem, settings: Settings, budget: Budget, draws: int, seed: int
) -> Iterator[Step | Rehearsal]:
    """Run an operator a few times.

    An operator that gives no reference of its own is run once from the public start itself.

    Parameters
    ----------
    operator : Operator
        A certified one.
    problem : HeadProblem
        From `stand_in`.
    settings : Settings
        Of the operator.
    budget : Budget
        What it may spend.
    draws : int
        How often, 1 or more.
    seed : int
        Of the noise of the first draw.

    Yields
    ------
    Step or Rehearsal
        The steps of one run after the other, with their own counts; the rehearsal comes last.
    """
    revised: list[FloatArray] = []
    public: list[FloatArray] = []
    for draw in range(draws):
        revision = yield from _run(operator, problem, settings, budget, seed + draw)
        revised.append(revision.weights)
        if revision.reference is not None:
            public.append(revision.reference)
    if not public:
        start = dataclasses.replace(problem, original=problem.public)
        public.append((yield from _run(operator, start, settings, budget, seed)).weights)
    yield Rehearsal(tuple(revised), tuple(public))


def _run(
    operator: Operator, problem: HeadProblem, settings: Settings, budget: Budget, seed: int
) -> Generator[Step, None, Revision]:
    # A generator's return value, so that the two runs above read like two calls.
    for item in operator.steps(problem, settings, budget, SeededNoise(seed), np.random.default_rng(seed)):
        if isinstance(item, Revision):
            return item
        yield item
    raise AssertionError("An operator must end with a revision.")
