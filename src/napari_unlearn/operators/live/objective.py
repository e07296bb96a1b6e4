r"""The retain objective over `Rows`: what it costs to know its gradient after a step, and after a stroke.

F(W) = sum_g s_g / A_g sum_{i in g} a_i CE(W x_i, y_i) + (strength / 2) ||W||^2, with the kinds g of pixels, their
shares s_g and A_g = sum_{i in g} a_i: the objective of `ConvexProblem` on the same pixels. While composed cases are
missing, because they are to be composed anew, the others do not take their share over: it stays empty, so that what
each row counts for hardly changes.

- After a stroke only one case's rows differ, so the sums G_g = sum a_i (p_i - e_{y_i}) x_i^T are brought up to date by
  taking the old rows out and putting the new ones in. No pass over the others is needed, although s_g / A_g changes for
  all of them.
- After a step D, G_g changes by sum a_i (p_i(W + D) - p_i(W)) x_i^T. The scores move by D x_i, and both products are
  formed in single precision: their rounding is relative to the change, which is small and shrinks as the fit goes on.
- What a certificate rests on is none of the two but `measure`: every row, in double precision, from the weights alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.operators.lesion_free import Kinds
from napari_unlearn.operators.live.rows import Chunk, Kind, RowCopy, Rows, Slot
from napari_unlearn.operators.live.side_by_side import SideBySide

# Rows turned to float64 at a time: few enough to stay in a processor's cache.
_BLOCK = 1024


class _Moved(NamedTuple):
    """A chunk after a pass; nothing is changed before all of them are there."""

    kind: Kind
    chunk: Chunk
    scores: Tensor
    p: Tensor
    change: Tensor


class Overtaken(Exception):  # noqa: N818 - not an error: a newer stroke makes the answer worthless
    """Raised inside a pass as soon as its result is no longer wanted; the state is as before the pass."""


def _go_on() -> None:
    """Never interrupt."""


class LiveObjective:
    """F, its gradient, and the present weights.

    Parameters
    ----------
    rows : Rows
        The pixels; changed through `replace` and `drop` only.
    weights : Tensor of float64, shape (K + 1, F + 1)
        Where to start.
    strength : float
        Strong convexity, > 0.
    composed_share, certain_share : float
        Share of the refined weight that composed cases carry, and of all weight that certain background carries.
    """

    def __init__(
        self, rows: Rows, weights: Tensor, strength: float, composed_share: float, certain_share: float
    ) -> None:
        self.rows = rows
        self.weights = weights.clone()
        self.strength = strength
        # Owners whose rows came since somebody last cleared this, and copies of rows that went, but for those that had
        # only come since then.
        self.came: dict[Hashable, None] = {}
        self.went: list[tuple[Kind, RowCopy]] = []
        # Whether rows that stayed count for more or less since somebody last cleared this.
        self.reweighed = False
        # Share of the composed cases of a kind that are there; the weight of the others stays empty.
        self.present = torch.ones(len(Kind), dtype=torch.float64)
        self.composed_free = 0.0  # share of the weight of cases without a lesion that their composed ones carry
        self.kinds = Kinds()  # of the cases, which say what those without a lesion count for
        self._composed, self._certain = composed_share, certain_share
        self._sums = torch.zeros(len(Kind), *weights.shape, dtype=torch.float64)
        self._side_by_side = SideBySide()

    def factors(self) -> Tensor:
        """What the weights of each kind are multiplied by, s_g / A_g; float64, shape (5,)."""
        mass = self.rows.mass()
        shares = torch.zeros_like(mass)
        there = mass > 0
        planned = there | (self.present < 1)
        composed = self._composed if planned[Kind.COMPOSED] else 0.0
        composed_free = self.composed_free if planned[Kind.COMPOSED_FREE] else 0.0
        shares[Kind.REFINED], shares[Kind.COMPOSED] = 1 - composed, composed
        if there[Kind.LESION_FREE]:
            lesion_free = self.kinds.share(float(mass[Kind.REFINED]), float(mass[Kind.LESION_FREE]))
            shares *= 1 - lesion_free
            shares[Kind.LESION_FREE] = lesion_free * (1 - composed_free)
            shares[Kind.COMPOSED_FREE] = lesion_free * composed_free
        if there[Kind.CERTAIN] and self._certain > 0:
            shares *= 1 - self._certain
            shares[Kind.CERTAIN] = self._certain
        shares[~planned] = 0
        shares *= self.present / shares.sum()
        return torch.where(there, shares / mass.clamp_min(1e-300), torch.zeros_like(mass))

    def gradient(self) -> Tensor:
        """Gradient at the present weights from the sums; float64, shape (K + 1, F + 1)."""
        return torch.einsum("g,gkf->kf", self.factors(), self._sums) + self.strength * self.weights

    def replace(self, owner: Hashable, kind: Kind, size: int, pixels: PixelSet) -> None:
        """Give `owner` other pixels.

        Parameters
        ----------
        owner : hashable
            Whose slot it is.
        kind : Kind
            Where the pixels come from.
        size : int
            Rows that a new slot is to have.
        pixels : PixelSet
            At most `size` of them.
        """
        slot = self.rows.slot(owner, kind, size)
        self._take_out(owner, slot)
        self.rows.fill(slot, pixels)
        scores = slot.chunk.x[slot.rows].double() @ self.weights.T
        slot.chunk.scores[slot.rows], slot.chunk.p[slot.rows] = scores, torch.softmax(scores, dim=1)
        self._sums[kind] += self._contribution(slot)
        self.came[owner] = None

    def reweigh(self, weights: Mapping[Hashable, NDArray[np.float64]]) -> None:
        """Let pixels that are there count for more or less.

        Parameters
        ----------
        weights : mapping of owner to ndarray of float64, shape (n,)
            Of all pixels of each owner, in the order in which `replace` got them.
        """
        for owner, a in weights.items():
            slot = self.rows.slots[owner]
            self._sums[slot.kind] -= self._contribution(slot)
            slot.chunk.a[slot.start : slot.start + len(a)] = torch.from_numpy(a)
            self._sums[slot.kind] += self._contribution(slot)
        self.reweighed = True

    def drop(self, owner: Hashable) -> None:
        """Take the pixels of `owner` out, where it has any."""
        slot = self.rows.slots.get(owner)
        if slot is not None:
            self._take_out(owner, slot)
            self.rows.release(owner)

    def move(self, step: Tensor, check: Callable[[], None] = _go_on) -> None:
        """Go to ``weights + step``: one pass, in which only changes are rounded to single precision.

        Parameters
        ----------
        step : Tensor of float64, shape (K + 1, F + 1)
            Where to go.
        check : callable
            Called between chunks; may raise to break off, and then nothing has changed.
        """
        single = step.float()

        def moved(entry: tuple[Kind, Chunk]) -> _Moved:
            kind, chunk = entry
            # Narrow products are fast with the narrow side first: a third of the time that `x @ step.T` takes.
            scores = chunk.scores.T + single @ chunk.x.T
            p = torch.softmax(scores, dim=0)
            change = ((p - chunk.p.T) * chunk.a).float()
            return _Moved(kind, chunk, scores.T, p.T, (change @ chunk.x).double())

        self._go(self.weights + step, self._sums, moved, check)

    def measure(self, check: Callable[[], None] = _go_on, step: Tensor | None = None) -> float:
        """Norm of the gradient: every row, in double precision, from the weights alone.

        Parameters
        ----------
        check : callable
            Called between chunks; may raise to break off, and then nothing has changed.
        step : Tensor of float64, shape (K + 1, F + 1), or None
            Where to go first.

        Returns
        -------
        float
            The residual that a certificate states.
        """
        weights = self.weights if step is None else self.weights + step

        def moved(entry: tuple[Kind, Chunk]) -> _Moved:
            kind, chunk = entry
            scores = torch.empty_like(chunk.scores.T, memory_format=torch.contiguous_format)
            p, total = torch.empty_like(scores), torch.zeros_like(weights)
            block = chunk.x.new_empty(_BLOCK, chunk.x.shape[1], dtype=torch.float64)
            for start in range(0, len(chunk.a), _BLOCK):
                rows = slice(start, start + _BLOCK)
                x = block[: len(chunk.a[rows])].copy_(chunk.x[rows])
                scores[:, rows] = weights @ x.T
                p[:, rows] = torch.softmax(scores[:, rows], dim=0)
                total += _errors(p[:, rows], chunk.y[rows], chunk.a[rows]) @ x
            return _Moved(kind, chunk, scores.T, p.T, total)

        self._go(weights, torch.zeros_like(self._sums), moved, check)
        return float(self.gradient().norm())

    def _take_out(self, owner: Hashable, slot: Slot) -> None:
        self._sums[slot.kind] -= self._contribution(slot)
        if owner in self.came:
            del self.came[owner]
        elif bool(slot.chunk.a[slot.rows].any()):
            self.went.append((slot.kind, slot.copy()))

    def _go(
        self,
        weights: Tensor,
        sums: Tensor,
        work: Callable[[tuple[Kind, Chunk]], _Moved],
        check: Callable[[], None],
    ) -> None:
        sums, everything = sums.clone(), []
        for moved in self._side_by_side.map(work, self.rows.chunks(), check):
            sums[moved.kind] += moved.change
            everything.append(moved)
        self.weights, self._sums = weights, sums
        for moved in everything:
            moved.chunk.scores, moved.chunk.p = moved.scores, moved.p

    def _contribution(self, slot: Slot) -> Tensor:
        chunk, rows = slot.chunk, slot.rows
        return _errors(chunk.p[rows].T, chunk.y[rows], chunk.a[rows]) @ chunk.x[rows].double()


def _errors(p: Tensor, y: Tensor, a: Tensor) -> Tensor:
    """Derivative of the weighted cross-entropy by the scores, classes first: (K + 1, n)."""
    return (p * a).scatter_add_(0, y[None], -a[None])
