"""Work on many rows: in one thread a processor, and on a random few of them that stand for all."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

T = TypeVar("T")


def in_threads(work: Callable[[slice], T], rows: int, least: int, start: int = 0) -> list[T]:
    """Call `work` on consecutive parts of the rows at once, as many as torch has threads.

    Operations on a narrow block of rows are too small for torch to split, so the rows are split instead.

    Parameters
    ----------
    work : callable
        Takes a slice of rows with both ends.
    rows : int
        How many there are.
    least : int
        Rows that are not worth splitting further.
    start : int
        Which row is the first.

    Returns
    -------
    list
        What `work` returned, in the order of the rows; the same split every time.
    """
    parts = max(1, min(torch.get_num_threads(), rows // least))
    if parts == 1:
        return [work(slice(start, start + rows))]
    ends = [start + rows * i // parts for i in range(parts + 1)]
    with ThreadPoolExecutor(parts) as pool:
        return list(pool.map(work, map(slice, ends[:-1], ends[1:])))


def draw(shares: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Draw about `size` rows, each on its own, with chances in proportion to `shares` but never above 1.

    The draw is the same every time: what is calculated from it only decides how soon a minimum is reached.

    Parameters
    ----------
    shares : Tensor of float64, shape (n,)
        Positive.
    size : int
        Less than n.

    Returns
    -------
    rows : Tensor of int64, shape (m,)
        In rising order.
    chances : Tensor of float64, shape (m,)
        Of these rows; dividing by them makes a sum over them an unbiased estimate of the sum over all.
    """
    chances = (shares * (size / shares.sum())).clamp(max=1)
    for _ in range(3):  # what the certain rows cannot take goes to the others
        chances = (chances * (size / chances.sum())).clamp(max=1)
    rows = torch.from_numpy(np.flatnonzero(np.random.default_rng(0).random(len(shares)) < chances.numpy()))
    return rows, chances[rows]
