"""Draws that a stroke elsewhere does not change, and as little as it can where it does.

Everything is a function of the seed, the case and its present mask, never of what came before: a state that was kept up
to date and one that is built from scratch have the same pixels and the same partners.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def number(seed: int, *words: object) -> int:
    """64 bits that depend on every word, the same on every machine."""
    text = "\x1f".join(str(word) for word in (seed, *words))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


class SteadyGenerator(np.random.Generator):
    """Chooses pixels by a fixed random rank of each, so that a stroke changes the choice only where it changes labels.

    Parameters
    ----------
    seed : int
        What the ranks depend on.
    pixels : int
        Pixels of the grid.
    """

    def __init__(self, seed: int, pixels: int) -> None:
        super().__init__(np.random.PCG64(seed))
        self._rank = self.permutation(pixels)

    def choice(self, a: Any, size: Any = None, replace: bool = True, *_: Any, **__: Any) -> Any:
        """Pixels of `a` with the lowest ranks: without replacement, every subset of that size as likely as another."""
        if replace or size is None:
            raise ValueError("Pixels are drawn by rank, each at most once.")
        where: NDArray[np.intp] = np.asarray(a)
        return where[np.argsort(self._rank[where], kind="stable")[:size]]


def partner(seed: int, lesion: str, k: int, groups: Mapping[str, Sequence[str]]) -> str | None:
    """Case that lends its surroundings to composition `k` of `lesion`.

    The group goes round from one composition to the next, so that surroundings come evenly from all; within it the
    case with the lowest hash is taken. A case that is new takes the place of another only where its hash is lower.

    Parameters
    ----------
    seed : int
        What the hashes depend on.
    lesion : str
        Case that gives the lesion.
    k : int
        Which of its compositions.
    groups : mapping of str to sequence of str
        Refined cases of the same shape by diagnosis, without `lesion`; no group is empty.

    Returns
    -------
    str or None
        None where there is no other case.
    """
    names = sorted(groups)
    if not names:
        return None
    group = groups[names[(number(seed, lesion) + k) % len(names)]]
    return min(group, key=lambda case: (number(seed, lesion, k, case), case))
