"""Several processes that work as one: which of them this is, what is shared out, and how sums come together.

Every process ("rank") runs the same job on the same request and draws the same random numbers, so that all of them take
the same decisions. What takes long is shared out: images, rows of pixels, images of a batch. What comes of it is added
up over all ranks before anything is decided, so that the result is that of one process but for the order of sums.

How many there are belongs to the process and to no request; it is the process's own until somebody launches several
(`models.fabric_ranks`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

FULL = "32-true"
"""The precision of networks where no other is asked for."""


class Ranks(Protocol):
    """Processes that work together."""

    @property
    def number(self) -> int:
        """Of this process, from 0."""

    @property
    def count(self) -> int:
        """How many there are."""

    @property
    def precision(self) -> str:
        """In which networks calculate."""

    def add(self, values: Tensor) -> Tensor:
        """Add tensors of the same shape up over all ranks; every rank gets the sum, on the device of its own part."""
        ...

    def wait(self) -> None:
        """Wait until every rank has come here."""
        ...

    def rounding(self) -> AbstractContextManager[None]:
        """Context in which networks calculate with `precision`."""
        ...


@dataclass(frozen=True)
class Alone:
    """One process, in full precision."""

    number: int = 0
    count: int = 1
    precision: str = FULL

    def add(self, values: Tensor) -> Tensor:
        """See `Ranks.add`: nothing is to be added."""
        return values

    def wait(self) -> None:
        """See `Ranks.wait`: nobody is to be waited for."""

    def rounding(self) -> AbstractContextManager[None]:
        """See `Ranks.rounding`: everything stays as it is."""
        return nullcontext()


_now: Ranks = Alone()


def ranks() -> Ranks:
    """Who works together at present."""
    return _now


@contextmanager
def working_as(together: Ranks) -> Iterator[None]:
    """Make this process one of several for a while.

    Parameters
    ----------
    together : Ranks
        All of them.

    Yields
    ------
    None
    """
    global _now
    before, _now = _now, together
    try:
        yield
    finally:
        _now = before


def first() -> bool:
    """Whether this is the process that writes files and talks to people."""
    return _now.number == 0


def mine(place: int) -> bool:
    """Whether the item at a place of a list that is shared out is for this process."""
    return place % _now.count == _now.number


def own_rows(rows: int) -> slice:
    """Rows that this process calculates with: a consecutive part, as large as that of any other or one row less.

    Parameters
    ----------
    rows : int
        How many there are.

    Returns
    -------
    slice
        With both ends.
    """
    return slice(rows * _now.number // _now.count, rows * (_now.number + 1) // _now.count)


def from_first(values: Tensor) -> Tensor:
    """What the first process has, for all of them.

    Parameters
    ----------
    values : Tensor
        Of one shape and type everywhere; only the content in the first process matters, which must be finite.

    Returns
    -------
    Tensor
        The same to the last bit in every process: zeros are added to it.
    """
    if _now.count == 1:
        return values
    return _now.add(values.clone() if first() else torch.zeros_like(values))
