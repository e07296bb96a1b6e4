"""Remaining time of a job, from the pace so far."""

from __future__ import annotations

import time

from napari_unlearn.jobs.token import Token


class Clock:
    """Turns steps into seconds that remain.

    Parameters
    ----------
    token : Token, optional
        Of the job; time during which it was paused does not count.

    Examples
    --------
    >>> Clock().remaining(0, 10) is None
    True
    """

    def __init__(self, token: Token | None = None) -> None:
        self._token = token
        self._held_before = 0.0 if token is None else token.held
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds of work since the start."""
        held = 0.0 if self._token is None else self._token.held - self._held_before
        return time.monotonic() - self._start - held

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
