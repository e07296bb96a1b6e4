"""Remaining time of a job, from the pace so far."""

from __future__ import annotations

import time


class Clock:
    """Turns steps into seconds that remain.

    Examples
    --------
    >>> Clock().remaining(0, 10) is None
    True
    """

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def remaining(self, done: int, total: int) -> float | None:
        """Seconds to the end at the mean pace so far.

        Parameters
        ----------
        done, total : int
            Steps finished and steps in all.

        Returns
        -------
        float or None
            None before the first step is finished.
        """
        if done <= 0 or total <= 0:
            return None
        return self.elapsed * max(0, total - done) / done
