"""Retain pixels in slots, so that one case's pixels can be replaced without touching any other's.

A slot belongs to one case (or one composed case) and has the size of the largest draw; rows it does not use weigh
nothing. Slots lie in chunks that a processor's cache can hold, and every chunk holds one kind of pixel only, because
what each kind counts for in the objective depends on how many of it there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

import torch
from torch import Tensor

from napari_unlearn.models.convex_head import PixelSet

CHUNK = 4096  # rows


class Kind(IntEnum):
    """Where retain pixels come from."""

    REFINED = 0
    COMPOSED = 1
    CERTAIN = 2
    LESION_FREE = 3
    COMPOSED_FREE = 4


@dataclass(eq=False)
class Chunk:
    """Rows of one kind.

    Attributes
    ----------
    x : Tensor of float32, shape (n, F + 1)
        Standardised features ending in a constant 1.
    y : Tensor of int64, shape (n,)
        Class ids.
    a : Tensor of float64, shape (n,)
        Weights within the kind; 0 where a row is not in use.
    scores, p : Tensor of float64, shape (n, K + 1)
        Class scores and probabilities at the present weights.
    factored : Tensor of float64, shape (n, K + 1)
        Probabilities at the weights where the curvature was taken; see `solver`.
    square : Tensor of float64, shape (n,)
        Squared norm of the features.
    """

    x: Tensor
    y: Tensor
    a: Tensor
    scores: Tensor
    p: Tensor
    factored: Tensor
    square: Tensor
    used: int = 0


@dataclass(frozen=True, eq=False)
class RowCopy:
    """A few rows on their own; fields as in `Chunk`."""

    x: Tensor
    y: Tensor
    a: Tensor
    p: Tensor
    factored: Tensor


@dataclass(frozen=True, eq=False)
class Slot:
    """Rows of one owner: ``chunk`` from ``start``, ``size`` of them."""

    kind: Kind
    chunk: Chunk
    start: int
    size: int

    def copy(self) -> RowCopy:
        """Rows that are in use, as they are now."""
        chunk, rows = self.chunk, self.rows
        used = chunk.a[rows] > 0
        return RowCopy(*(part[rows][used] for part in (chunk.x, chunk.y, chunk.a, chunk.p, chunk.factored)))

    @property
    def rows(self) -> slice:
        """Where the rows lie in their chunk."""
        return slice(self.start, self.start + self.size)


@dataclass(eq=False)
class Rows:
    """All retain pixels.

    Attributes
    ----------
    classes, width : int
        K + 1 and F + 1.
    """

    classes: int
    width: int
    slots: dict[Hashable, Slot] = field(default_factory=dict)
    _chunks: dict[Kind, list[Chunk]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    _free: list[Slot] = field(default_factory=list)

    def chunks(self) -> Iterator[tuple[Kind, Chunk]]:
        """Every chunk with its kind."""
        for kind, chunks in self._chunks.items():
            for chunk in chunks:
                yield kind, chunk

    def mass(self) -> Tensor:
        """Sum of the weights of each kind, float64, shape (3,)."""
        sums = [torch.stack([chunk.a.sum() for chunk in chunks]).sum() for chunks in self._chunks.values() if chunks]
        filled = [kind for kind, chunks in self._chunks.items() if chunks]
        out = torch.zeros(len(Kind), dtype=torch.float64)
        for kind, value in zip(filled, sums, strict=True):
            out[kind] = value
        return out

    def slot(self, owner: Hashable, kind: Kind, size: int) -> Slot:
        """Slot of `owner`, a new one of `size` rows where it has none."""
        if owner not in self.slots:
            self.slots[owner] = self._take(kind, size)
        return self.slots[owner]

    def fill(self, slot: Slot, pixels: PixelSet) -> None:
        """Write pixels into a slot, at most as many as it holds; the rest of its rows weigh nothing."""
        n, rows = len(pixels), slot.rows
        slot.chunk.a[rows] = 0
        used = slice(slot.start, slot.start + n)
        slot.chunk.x[used] = torch.from_numpy(pixels.features)
        slot.chunk.y[used] = torch.from_numpy(pixels.labels)
        slot.chunk.a[used] = torch.from_numpy(pixels.weights)
        slot.chunk.square[used] = slot.chunk.x[used].square().sum(dim=1).double()

    def release(self, owner: Hashable) -> None:
        """Give a slot back."""
        slot = self.slots.pop(owner)
        slot.chunk.a[slot.rows] = 0
        self._free.append(slot)

    def _take(self, kind: Kind, size: int) -> Slot:
        for place, slot in enumerate(self._free):
            if slot.kind is kind and slot.size == size:
                return self._free.pop(place)
        chunks = self._chunks[kind]
        if not chunks or chunks[-1].used + size > len(chunks[-1].a):
            n = max(CHUNK, size)
            chunks.append(
                Chunk(
                    torch.zeros(n, self.width),
                    torch.zeros(n, dtype=torch.int64),
                    torch.zeros(n, dtype=torch.float64),
                    torch.zeros(n, self.classes, dtype=torch.float64),
                    torch.full((n, self.classes), 1 / self.classes, dtype=torch.float64),
                    torch.full((n, self.classes), 1 / self.classes, dtype=torch.float64),
                    torch.zeros(n, dtype=torch.float64),
                )
            )
        chunk = chunks[-1]
        slot = Slot(kind, chunk, chunk.used, size)
        chunk.used += size
        return slot
