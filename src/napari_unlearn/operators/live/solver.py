"""From the gradient at the present weights to weights whose gradient is small, in few passes.

One case's pixels are a small part of the objective, so its new minimum is near. The curvature of all rows is factored
once, and three things are put right in every step: the few rows that came since are added, those that went are taken
off, and of the others a sample says how their curvature has changed on the way, drawn by how much it did. That makes
nearly a Newton step of every pass over the rows. In a quiet moment the factor takes all three in for good.

A new pixel that the head gets wrong has next to no curvature where it is, and a step that believed so would be far too
long, so the first step takes its curvature halfway to its label. Whatever is rough in the curvature costs steps and
never correctness, because the residual is measured over all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from napari_unlearn.errors import UserError
from napari_unlearn.operators.live.curvature import Curvature, Patch
from napari_unlearn.operators.live.objective import LiveObjective, _go_on

# A step should leave much less of the gradient than this; after a few that do not, the factor is too old.
STALE, PATIENCE = 0.5, 3
# Rows that say how the curvature has changed: in every step, and when the factor takes it in for good.
DRIFT, FOLDED = 3000, 8000
# Rows that came and went from which on every step takes long for them.
CROWD = 8000
# Passes a fit from which on the factor has aged.
SLOW, ALL = 8, 10**9


@dataclass(frozen=True)
class SolverStep:
    """One step of the solver.

    Attributes
    ----------
    passes : int
        Passes over all rows so far.
    residual : float
        Norm of the gradient.
    measured : bool
        Whether the residual was measured in double precision over every row.
    """

    passes: int
    residual: float
    measured: bool


class Solver:
    """Keeps a curvature and corrects it.

    Parameters
    ----------
    objective : LiveObjective
        What to minimise.
    sample : int
        Rows that the curvature is taken from in the middle of a fit.
    rng : numpy.random.Generator
        Draws them.
    """

    def __init__(self, objective: LiveObjective, sample: int, rng: np.random.Generator) -> None:
        self.objective = objective
        self.sample = sample
        self._rng = rng
        self._curvature: Curvature | None = None
        self._factors = objective.factors()
        self._slow = False

    @property
    def aged(self) -> bool:
        """Whether there is something to do in a quiet moment."""
        objective = self.objective
        changed = self._slow or objective.reweighed or bool(objective.came or objective.went)
        return self._curvature is not None and changed

    @property
    def crowded(self) -> bool:
        """Whether so much came and went that it should not wait for a quiet moment any longer."""
        objective = self.objective
        came = sum(objective.rows.slots[owner].size for owner in objective.came)
        return self._curvature is not None and came + sum(len(copy.a) for _, copy in objective.went) > CROWD

    def rejuvenate(self, check: Callable[[], None] = _go_on) -> None:
        """Take the rows that came and went into the factor, or all rows anew where that is no longer enough.

        Parameters
        ----------
        check : callable
            May raise to break off; the factor is then as before.
        """
        self._slow = self._slow or self.objective.reweighed
        if not self._slow and self._curvature is not None:
            try:
                self._curvature.fold(self._patches(FOLDED), check)
            except RuntimeError:  # of torch.linalg: the matrix is not positive definite
                self._slow = True
            else:
                self._up_to_date()
        if self._slow:
            self.refresh(check)

    def refresh(self, check: Callable[[], None] = _go_on, sample: int = ALL) -> None:
        """Take the curvature anew at the present weights."""
        self._curvature = Curvature(self.objective, sample, self._rng, check)
        self._up_to_date()
        self._slow = False

    def settle(self, bound: float, passes: int, check: Callable[[], None] = _go_on) -> Iterator[SolverStep]:
        """Step until the measured residual is not above `bound`.

        Parameters
        ----------
        bound : float
            Largest residual.
        passes : int
            At most so many passes over all rows.
        check : callable
            Called within passes; may raise to break off between two consistent states.

        Yields
        ------
        SolverStep
            One a pass; the last one is measured and not above the bound.

        Raises
        ------
        UserError
            The bound was not reached.
        """
        done, strides, expected = 0, 0, 1.0
        while done < passes:
            gradient = self.objective.gradient()
            norm, step = float(gradient.norm()), None
            if norm > 0.5 * bound:
                if self._curvature is None or self.objective.reweighed:
                    self.refresh(check, self.sample)
                assert self._curvature is not None
                step = -self._curvature.solve(gradient, self._patches(DRIFT, halfway=strides == 0))
                if 2 * expected * norm > bound:
                    done += yield from self._stride(norm, step, done, check)
                    expected = float(self.objective.gradient().norm()) / norm
                    strides += 1
                    if strides > PATIENCE and expected > STALE:
                        self.refresh(check, self.sample)
                    continue
            # Where one more step should be enough, what it leads to is measured at once.
            residual = self.objective.measure(check, step)
            done += 1
            yield SolverStep(done, residual, measured=True)
            if residual <= bound:
                self._slow = done > SLOW
                return
        raise UserError(
            f"The head did not come close enough to its minimum within {passes} passes, so no certificate can be "
            "given; choose a larger strength or a larger residual."
        )

    def _stride(
        self, norm: float, step: Tensor, done: int, check: Callable[[], None]
    ) -> Generator[SolverStep, None, int]:
        """Go along `step`, less far where the gradient does not shrink; return how many passes that took."""
        passes = 1
        self.objective.move(step, check)
        while (after := float(self.objective.gradient().norm())) > 0.9 * norm and passes < 12:
            self.objective.move(-step, check)
            step = step / 4
            self.objective.move(step, check)
            passes += 2
        yield SolverStep(done + passes, after, measured=False)
        return passes

    def _patches(self, sample: int, *, halfway: bool = False) -> list[Patch]:
        rows, factors = self.objective.rows, self.objective.factors()
        patches = []
        for owner in self.objective.came:
            slot = rows.slots[owner]
            slot.chunk.factored[slot.rows] = slot.chunk.p[slot.rows]  # the factor knows nothing of them
            patches.append(Patch.came(slot.copy(), float(factors[slot.kind]), halfway=halfway))
        # They were in the factor with what their kind counted for then.
        patches += [Patch.went(copy, float(self._factors[kind])) for kind, copy in self.objective.went]
        drifted = Patch.drifted(self.objective, sample, self._rng)
        patches += [] if drifted is None else [drifted]
        return [Patch.joined(patches)] if patches else []

    def _up_to_date(self) -> None:
        for _, chunk in self.objective.rows.chunks():
            chunk.factored = chunk.p.clone()
        self.objective.came.clear()
        self.objective.went.clear()
        self.objective.reweighed = False
        self._factors = self.objective.factors()
