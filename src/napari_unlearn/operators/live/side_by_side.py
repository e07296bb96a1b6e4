"""Chunks of rows worked on side by side, one thread a core, each with single-threaded products.

A product as narrow as the classes is too little for PyTorch to divide among threads: handing it out costs more than it
saves. Whole chunks are large enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


class SideBySide:
    """Threads that work on chunks, as many as PyTorch would use."""

    def __init__(self) -> None:
        threads = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(threads, "live")
        begun = Barrier(threads)

        def begin() -> None:
            torch.get_num_threads()  # once it has looked at the number of all threads, a thread keeps its own
            torch.set_num_threads(1)
            begun.wait()

        for waiting in [self._pool.submit(begin) for _ in range(threads)]:
            waiting.result()
        # The number holds for the thread that sets it, but it is also what threads begin with that are made later.
        torch.set_num_threads(threads)

    def map(self, work: Callable[[T], R], chunks: Iterable[T], check: Callable[[], None]) -> Iterator[R]:
        """Results of `work` in the order of the chunks.

        Parameters
        ----------
        work : callable
            What to do with a chunk; must not change anything.
        chunks : iterable
            What to work on.
        check : callable
            Called before each result; may raise, and then chunks that wait are left.

        Yields
        ------
        object
            One result a chunk.
        """
        check()
        with closing(self._pool.map(work, chunks)) as results:  # type: ignore[type-var]
            for result in results:
                yield result
                check()
