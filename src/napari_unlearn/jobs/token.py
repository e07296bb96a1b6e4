"""The handle by which a person stops or holds a job; the job looks at it once a step."""

from __future__ import annotations

import threading
import time


class CancelledError(Exception):
    """Raised inside a job at the first checkpoint after somebody cancelled it."""


class Token:
    """Shared between the thread that asks and the thread that works; every method may be called from either.

    Examples
    --------
    >>> token = Token()
    >>> token.cancel()
    >>> token.cancelled
    True
    """

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._stopping = threading.Event()
        self._may_run = threading.Event()
        self._may_run.set()
        self.held = 0.0  # seconds spent waiting, for whoever tells how long the job will take
        # Or a job could be paused for good by somebody who asks just when another one cancels it.
        self._asking = threading.Lock()

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to end."""
        return self._cancelled.is_set()

    @property
    def stopping(self) -> bool:
        """Whether the job was asked to end with what it has."""
        return self._stopping.is_set()

    @property
    def paused(self) -> bool:
        """Whether the job was asked to wait."""
        return not self._may_run.is_set()

    def cancel(self) -> None:
        """Ask the job to end at its next checkpoint, also when it is paused."""
        with self._asking:
            self._cancelled.set()
            self._may_run.set()

    def stop(self) -> None:
        """Ask the job to end with the best that it has, also when it is paused; jobs that have nothing go on."""
        with self._asking:
            self._stopping.set()
            self._may_run.set()

    def pause(self) -> None:
        """Ask the job to wait at its next checkpoint."""
        with self._asking:
            if not self.cancelled:
                self._may_run.clear()

    def resume(self) -> None:
        """Let a paused job go on."""
        self._may_run.set()

    def checkpoint(self) -> None:
        """Wait while paused.

        Raises
        ------
        CancelledError
            The job was asked to end.
        """
        if self.paused:
            since = time.monotonic()
            self._may_run.wait()
            self.held += time.monotonic() - since
        if self.cancelled:
            raise CancelledError
