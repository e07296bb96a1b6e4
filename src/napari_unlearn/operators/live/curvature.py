"""The Hessian of the live objective, factored, and what a few rows add to it or take off.

Row i adds a_i (diag(p_i) - p_i p_i^T) x_i x_i^T, Kronecker product understood. Where there is no time for all rows, a
sample stands for them: each row is taken with a probability that grows with what it adds, and counts for more the less
likely it was, so that the sum is right on average.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from napari_unlearn.operators.live.objective import LiveObjective, _go_on
from napari_unlearn.operators.live.rows import RowCopy

# How well the linear systems with patches are solved, and in how many steps at most.
INNER, MOST_INNER = 1e-2, 40


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
        weights = [
            chunk.a * factors[kind] * chunk.square * (1 - (chunk.p * chunk.p).sum(dim=1))
            for kind, chunk in objective.rows.chunks()
        ]
        matrix = torch.zeros(classes * width, classes * width)
        for (kind, chunk), (taken, scale) in zip(objective.rows.chunks(), _draw(weights, sample, rng), strict=True):
            bends = _bends(chunk.p[taken]) * (chunk.a[taken] * factors[kind] * scale)[:, None, None]
            matrix += Patch(chunk.x[taken], bends).dense(check)
        self._matrix, self._strength = matrix, objective.strength
        self._factor = self._factored(matrix)

    def fold(self, patches: Sequence[Patch], check: Callable[[], None] = _go_on) -> None:
        """Take patches into the factor for good.

        Parameters
        ----------
        patches : sequence of Patch
            What to add.
        check : callable
            Called now and then; may raise to break off, and then nothing has changed.

        Raises
        ------
        RuntimeError
            More was taken off than there was; the curvature has to be taken anew.
        """
        matrix = self._matrix.clone()
        for patch in patches:
            matrix += patch.dense(check)
        self._factor = self._factored(matrix)
        self._matrix = matrix

    def _factored(self, matrix: Tensor) -> Tensor:
        double = matrix.double()
        double.diagonal().add_(self._strength)
        # The inverse is applied in single precision: it is a preconditioner.
        factor: Tensor = torch.linalg.cholesky(double).float()
        return factor

    def solve(self, right: Tensor, patches: Sequence[Patch]) -> Tensor:
        """Inverse of the patched curvature times `right`; conjugate gradients preconditioned by the factor.

        Parameters
        ----------
        right : Tensor of float64, shape (K + 1, F + 1)
            What to solve for.
        patches : sequence of Patch
            What has come or gone after the factor was made.

        Returns
        -------
        Tensor of float64, shape (K + 1, F + 1)
        """
        # Scaled so that a tiny gradient keeps its digits in single precision.
        scale = float(right.abs().max())
        if scale == 0:
            return torch.zeros_like(right)
        rest = (right / scale).float()
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
        return found.double() * scale

    def _precondition(self, rest: Tensor) -> Tensor:
        solved: Tensor = torch.cholesky_solve(rest.reshape(-1, 1), self._factor)
        return solved.reshape(rest.shape)

    def _apply(self, direction: Tensor) -> Tensor:
        bent: Tensor = (self._matrix @ direction.reshape(-1)).reshape(direction.shape)
        return bent + self._strength * direction


class Patch:
    """Curvature of a few rows, to be added to a factor that was made without it.

    Parameters
    ----------
    x : Tensor of float32, shape (n, F + 1)
        Features.
    bends : Tensor, shape (n, K + 1, K + 1)
        What each row counts for times its curvature in the scores; negative to take it off.
    """

    def __init__(self, x: Tensor, bends: Tensor) -> None:
        self._x, self._bends = x, bends.float()

    @classmethod
    def joined(cls, patches: Sequence[Patch]) -> Patch:
        """One patch instead of several, at least one."""
        return cls(torch.cat([patch._x for patch in patches]), torch.cat([patch._bends for patch in patches]))

    @classmethod
    def came(cls, rows: RowCopy, factor: float, *, halfway: bool = False) -> Patch:
        """Rows that the factor was made without.

        Parameters
        ----------
        rows : RowCopy
            The rows.
        factor : float
            What their weights are multiplied by.
        halfway : bool
            Whether rows that the head gets wrong count as halfway between where they are and their label.

        Returns
        -------
        Patch
        """
        p = rows.p
        if halfway:
            of_label = p.gather(1, rows.y[:, None])
            to_label = torch.zeros_like(p).scatter_(1, rows.y[:, None], 1.0)
            p = torch.where(of_label < 0.5, (p + to_label) / 2, p)
        return cls(rows.x, _bends(p) * (rows.a * factor)[:, None, None])

    @classmethod
    def went(cls, rows: RowCopy, factor: float) -> Patch:
        """Rows that the factor was made with and that are no longer there; as in `came`."""
        return cls(rows.x, _bends(rows.factored) * (rows.a * -factor)[:, None, None])

    @classmethod
    def drifted(cls, objective: LiveObjective, sample: int, rng: np.random.Generator) -> Patch | None:
        """What has changed of the rows that are there, because the weights have moved.

        Parameters
        ----------
        objective : LiveObjective
            Now; its rows know their probabilities when the curvature was taken.
        sample : int
            Rows expected in the sample.
        rng : numpy.random.Generator
            Draws the sample.

        Returns
        -------
        Patch or None
            None where nothing has changed.
        """
        factors = objective.factors()
        weights = [
            chunk.a * factors[kind] * chunk.square * (chunk.p - chunk.factored).abs().sum(dim=1)
            for kind, chunk in objective.rows.chunks()
        ]
        x, bends = [], []
        for (kind, chunk), (taken, scale) in zip(objective.rows.chunks(), _draw(weights, sample, rng), strict=True):
            x.append(chunk.x[taken])
            change = _bends(chunk.p[taken]) - _bends(chunk.factored[taken])
            bends.append(change * (chunk.a[taken] * factors[kind] * scale)[:, None, None])
        return cls(torch.cat(x), torch.cat(bends)) if any(map(len, x)) else None

    def dense(self, check: Callable[[], None] = _go_on) -> Tensor:
        """The curvature as a matrix, in the order of the classes and then of the features; float32."""
        width, classes = self._x.shape[1], self._bends.shape[1]
        out = torch.zeros(classes, width, classes, width)
        for k in range(classes):
            for other in range(k + 1):
                check()
                block = (self._x * self._bends[:, k, other, None]).T @ self._x
                out[k, :, other] = block
                out[other, :, k] = block
        return out.reshape(classes * width, classes * width)

    def curve(self, direction: Tensor) -> Tensor:
        """Multiply `direction`, of shape (K + 1, F + 1), by the curvature."""
        moved = torch.einsum("nkl,ln->kn", self._bends, direction @ self._x.T)
        return moved.contiguous() @ self._x


def _bends(p: Tensor) -> Tensor:
    """Second derivative of the cross-entropy by the scores, (n, K + 1, K + 1)."""
    return torch.diag_embed(p) - p[:, :, None] * p[:, None, :]


def _draw(weights: Sequence[Tensor], sample: int, rng: np.random.Generator) -> list[tuple[Tensor, Tensor]]:
    """Rows of each chunk to take, and what they then count for: one over their probability."""
    rate = sample / max(sum(float(weight.sum()) for weight in weights), 1e-300)
    drawn = []
    for weight in weights:
        chance = (weight * rate).clamp(max=1)
        taken = torch.nonzero(torch.from_numpy(rng.random(len(chance))) < chance)[:, 0]
        drawn.append((taken, 1 / chance[taken]))
    return drawn
