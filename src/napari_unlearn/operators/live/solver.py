"""From the gradient at the present weights to weights whose gradient is small, in few passes.

One case's pixels are a small part of the objective, so its new minimum is near and its curvature nearly the old one,
but for the pixels that are new or gone. So the curvature of all rows is factored once, and again when it has aged; the
few rows that came since are added to it and those that went are taken off, in a quiet moment for good. A new pixel that
the head gets wrong has next to no curvature where it is, and a step that believed so would be far too long, so the
first step takes its curvature halfway to its label. Corrections from the last few steps (limited-memory BFGS; Nocedal
and Wright, Numerical Optimization, algorithm 7.4) do the rest.

Where there is no time for all rows the factor comes from a sample of them, drawn with a probability that grows with
what a row adds to it. Whatever is rough in it costs steps and never correctness, because the residual is measured over
all rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_unlearn.errors import UserError
from napari_unlearn.operators.live.objective import LiveObjective, _go_on
from napari_unlearn.operators.live.rows import Chunk, RowCopy

PAIRS = 8
# A step should leave much less of the gradient than this; after a few that do not, the factor is too old.
STALE, PATIENCE = 0.5, 3
# How well the linear systems with fresh rows are solved, and in how many steps at most.
INNER, MOST_INNER = 1e-2, 40
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


class Curvature:
    """Cholesky factor of the Hessian of an objective, from a sample of its rows.

    Parameters
    ----------
    objective : LiveObjective
        At the weights where the curvature is wanted.
    sample : int
        Rows expected in the sample.
    rng : numpy.random.Generator
        Draws the sample.
    check : callable
        Called between chunks; may raise to break off.
    """

    def __init__(
        self, objective: LiveObjective, sample: int, rng: np.random.Generator, check: Callable[[], None] = _go_on
    ) -> None:
        classes, width = objective.weights.shape
        factors = objective.factors()
        hessian = torch.zeros(classes, width, classes, width)
        total = sum(float((_weight(chunk, factors[kind])).sum()) for kind, chunk in objective.rows.chunks())
        for kind, chunk in objective.rows.chunks():
            check()
            weight = _weight(chunk, factors[kind])
            chance = (weight * (sample / max(total, 1e-300))).clamp(max=1)
            taken = torch.from_numpy(rng.random(len(chance))) < chance
            if not bool(taken.any()):
                continue
            p = chunk.p[taken]
            a = chunk.a[taken] * factors[kind] / chance[taken]
            x = chunk.x[taken]
            for k in range(classes):
                for other in range(k + 1):
                    check()
                    curve = a * p[:, k] * (float(k == other) - p[:, other])
                    hessian[k, :, other] += (x * curve[:, None].float()).T @ x
        for k in range(classes):
            for other in range(k):
                hessian[other, :, k] = hessian[k, :, other].T
        self._matrix = hessian.reshape(classes * width, classes * width)
        self._strength = objective.strength
        self._factorise()

    def fold(self, patches: Sequence[Patch]) -> None:
        """Take patches into the factor for good.

        Raises
        ------
        RuntimeError
            More was taken off than there was; the curvature has to be taken anew.
        """
        for patch in patches:
            self._matrix += patch.dense()
        self._factorise()

    def _factorise(self) -> None:
        matrix = self._matrix.double()
        matrix.diagonal().add_(self._strength)
        # The inverse is applied in single precision: it is a preconditioner.
        self._factor = torch.linalg.cholesky(matrix).float()

    def solve(self, right: Tensor, patches: Sequence[Patch]) -> Tensor:
        """Inverse of the patched curvature times `right`; conjugate gradients preconditioned by the factor.

        Parameters
        ----------
        right : Tensor of float64, shape (K + 1, F + 1)
            What to solve for.
        patches : sequence of Patch
            Rows that came or went after the factor was made.

        Returns
        -------
        Tensor of float64, shape (K + 1, F + 1)
        """
        # Scaled so that a tiny gradient keeps its digits in single precision.
        scale = float(right.abs().max())
        if scale == 0:
            return torch.zeros_like(right)
        rest = (right / scale).float().T.contiguous()
        out: Tensor = self._precondition(rest)
        z = out
        if patches:
            out, search, target = torch.zeros_like(rest), z, INNER * float(rest.norm())
            rz = float((rest * z).sum())
            for _ in range(MOST_INNER):
                curved = self._apply(search) + sum(patch.curve(search) for patch in patches)
                bent = float((search * curved).sum())
                if bent <= 0:  # more was taken off than there is
                    break
                step = rz / bent
                out = out + step * search
                rest = rest - step * curved
                if float(rest.norm()) <= target:
                    break
                z = self._precondition(rest)
                before, rz = rz, float((rest * z).sum())
                search = z + (rz / before) * search
        found: Tensor = out if bool(out.any()) else z
        return found.T.double() * scale

    def _precondition(self, rest: Tensor) -> Tensor:
        solved: Tensor = torch.cholesky_solve(rest.T.reshape(-1, 1), self._factor)
        return solved.reshape(rest.T.shape).T

    def _apply(self, direction: Tensor) -> Tensor:
        flat = direction.T.reshape(-1, 1)
        bent: Tensor = self._factor @ (self._factor.T @ flat)
        return bent.reshape(direction.T.shape).T


class Patch:
    """Curvature of a few rows, to be added to a factor that was made without them or taken off one made with them.

    Parameters
    ----------
    rows : RowCopy
        The rows.
    factor : float
        What their weights are multiplied by; negative to take them off.
    halfway : bool
        Whether rows that the head gets wrong count as halfway between where they are and their label.
    """

    def __init__(self, rows: RowCopy, factor: float, halfway: bool = False) -> None:
        self._x, self._p = rows.x, rows.p.float()
        self._a = (rows.a * factor).float()[:, None]
        if halfway:
            of_label = self._p.gather(1, rows.y[:, None])
            to_label = torch.zeros_like(self._p).scatter_(1, rows.y[:, None], 1.0)
            self._p = torch.where(of_label < 0.5, (self._p + to_label) / 2, self._p)

    def dense(self) -> Tensor:
        """The curvature as a matrix, in the order of the classes and then of the features; float32."""
        width, classes = self._x.shape[1], self._p.shape[1]
        out = torch.zeros(classes, width, classes, width)
        for k in range(classes):
            for other in range(k + 1):
                bent = self._p[:, k] * (float(k == other) - self._p[:, other])
                block = (self._x * (bent[:, None] * self._a)).T @ self._x
                out[k, :, other] = block
                out[other, :, k] = block
        return out.reshape(classes * width, classes * width)

    def curve(self, direction: Tensor) -> Tensor:
        """Multiply `direction`, of shape (F + 1, K + 1), by the curvature."""
        moved = self._p * (self._x @ direction)
        moved -= self._p * moved.sum(dim=1, keepdim=True)
        return self._x.T @ (moved * self._a)


def _weight(chunk: Chunk, factor: Tensor) -> Tensor:
    # Curvature of a row, up to its features: the spread of its class probabilities times what it counts for.
    return chunk.a * factor * (1 - (chunk.p * chunk.p).sum(dim=1))


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
        self._pairs: deque[tuple[Tensor, Tensor]] = deque(maxlen=PAIRS)

    @property
    def aged(self) -> bool:
        """Whether there is something to do in a quiet moment."""
        return self._curvature is not None and (self._slow or bool(self.objective.came or self.objective.went))

    def rejuvenate(self, check: Callable[[], None] = _go_on) -> None:
        """Take the rows that came and went into the factor, or all rows anew where that is no longer enough.

        Parameters
        ----------
        check : callable
            May raise to break off; the factor is then as before.
        """
        if not self._slow and self._curvature is not None:
            check()
            try:
                self._curvature.fold(self._patches(halfway=False))
            except RuntimeError:  # of torch.linalg: the matrix is not positive definite
                self._slow = True
            else:
                self.objective.came.clear()
                self.objective.went.clear()
        if self._slow:
            self.refresh(check)

    def refresh(self, check: Callable[[], None] = _go_on, sample: int = ALL) -> None:
        """Take the curvature anew at the present weights."""
        self._curvature = Curvature(self.objective, sample, self._rng, check)
        self._pairs.clear()
        self.objective.came.clear()
        self.objective.went.clear()
        self._factors = self.objective.factors()
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
                if self._curvature is None:
                    self.refresh(check, self.sample)
                step = -self._inverse(gradient, self._patches(halfway=strides == 0))
                if 2 * expected * norm > bound:
                    done += yield from self._stride(gradient, step, done, check)
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
        self, gradient: Tensor, step: Tensor, done: int, check: Callable[[], None]
    ) -> Generator[SolverStep, None, int]:
        """Go along `step`, less far where the gradient does not shrink; return how many passes that took."""
        norm, passes = float(gradient.norm()), 1
        self.objective.move(step, check)
        while float((after := self.objective.gradient()).norm()) > 0.9 * norm and passes < 12:
            self.objective.move(-step, check)
            step = step / 4
            self.objective.move(step, check)
            passes += 2
        self._pairs.append((step, after - gradient))
        yield SolverStep(done + passes, float(after.norm()), measured=False)
        return passes

    def _patches(self, *, halfway: bool) -> list[Patch]:
        rows, factors = self.objective.rows, self.objective.factors()
        came = [rows.slots[owner] for owner in self.objective.came]
        patches = [Patch(slot.copy(), float(factors[slot.kind]), halfway) for slot in came]
        # They were in the factor with what their kind counted for then.
        patches += [Patch(copy, -float(self._factors[kind])) for kind, copy in self.objective.went]
        return patches

    def _inverse(self, gradient: Tensor, patches: Sequence[Patch]) -> Tensor:
        assert self._curvature is not None
        rest, taken = gradient.clone(), []
        pairs = [(s, y, float((s * y).sum())) for s, y in self._pairs]
        for s, y, curved in reversed(pairs):
            if curved > 0:
                share = float((s * rest).sum()) / curved
                rest -= share * y
                taken.append((s, y, curved, share))
        out = self._curvature.solve(rest, patches)
        for s, y, curved, share in reversed(taken):
            out += (share - float((y * out).sum()) / curved) * s
        return out
