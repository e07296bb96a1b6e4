"""Writing in the background: each thing a little after it was asked for, so that many strokes make one file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from napari_unlearn.errors import UserError

Work = Callable[[], None]
RETRY = 5.0  # seconds until something that failed is tried again


@dataclass
class _Task:
    work: Work
    due: float


class Saver:
    """One thread that writes.

    Attributes
    ----------
    failures : dict of str to str
        What cannot be written at the moment, and why; taken out again once it can.
    """

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}
        self._tasks: dict[str, _Task] = {}
        self._changed = threading.Condition()
        self._busy: str | None = None
        self._ending = False
        self._thread: threading.Thread | None = None

    def later(self, key: str, work: Work, delay: float) -> None:
        """Do `work` after `delay` seconds, in place of what was asked for under the same key before.

        Parameters
        ----------
        key : str
            What it is about.
        work : callable
            Raises `OSError` or `UserError` when the disk refuses; it is tried again then.
        delay : float
            Seconds. What waits already is not put off any further.
        """
        with self._changed:
            if self._ending:
                return
            due = time.monotonic() + delay
            earlier = self._tasks.get(key)
            self._tasks[key] = _Task(work, due if earlier is None else min(due, earlier.due))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="napari-unlearn saver", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def drop(self, key: str) -> None:
        """Forget what was asked for under a key, and wait until it is not being done."""
        with self._changed:
            self._tasks.pop(key, None)
            self.failures.pop(key, None)
            self._changed.wait_for(lambda: self._busy != key)

    def close(self, seconds: float = 30.0) -> None:
        """Do at once whatever waits, each once, and end the thread.

        Parameters
        ----------
        seconds : float
            Patience with a disk that does not answer.
        """
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                key = self._next()
                while key is None:
                    if self._ending:
                        return
                    wait = min((task.due for task in self._tasks.values()), default=None)
                    self._changed.wait(None if wait is None else max(0.0, wait - time.monotonic()))
                    key = self._next()
                task = self._tasks.pop(key)
                self._busy = key
            failure = _attempt(task.work)
            with self._changed:
                self._busy = None
                if failure is None:
                    self.failures.pop(key, None)
                else:
                    self.failures[key] = failure
                    if not self._ending and key not in self._tasks:
                        self._tasks[key] = _Task(task.work, time.monotonic() + RETRY)
                self._changed.notify_all()

    def _next(self) -> str | None:
        now = time.monotonic()
        ready = [(task.due, key) for key, task in self._tasks.items() if self._ending or task.due <= now]
        return min(ready)[1] if ready else None


def _attempt(work: Work) -> str | None:
    try:
        work()
    except UserError as error:
        return str(error)
    except OSError as error:
        return f"{error.filename or 'A file of the project'} cannot be written ({error.strerror or error})."
    return None
