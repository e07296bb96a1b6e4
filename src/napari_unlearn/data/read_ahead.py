"""Reading what comes next while the model is at work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4
"""So many images wait in memory at most."""


def prepared(prepare: Callable[[Item], Result], items: Iterable[Item], ahead: int = AHEAD) -> Iterator[Result]:
    """Prepare items in another thread, in order and not too far ahead.

    Decoding and filtering leave Python alone for most of their time, so that a network computes meanwhile.

    Parameters
    ----------
    prepare : callable
        Called with each item; what it raises is raised where its result would have come.
    items : iterable
        What to prepare.
    ahead : int
        How many results may wait.

    Yields
    ------
    object
        What `prepare` returned.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(1, "reading") as thread:
        try:
            for item in items:
                waiting.append(thread.submit(prepare, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            # Whoever stops asking must not wait for images that nobody wants any more.
            for future in waiting:
                future.cancel()
