"""Where jobs run: an interface, and its implementation with a thread. What crosses it can be pickled.

napari's and superqt's generator workers lose every RuntimeError, so they are not used here: the thread below turns
whatever escapes into the last event of the job.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from qtpy.QtCore import QObject, Qt, Signal, Slot

from napari_unlearn.jobs.events import Event, Failed
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.state import end_state
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin.beside_opengl import keep_llvm_apart

Job = Callable[[Any, Token], Iterator[Event]]
Receive = Callable[[Event], None]


class JobRunner(Protocol):
    """Runs a job somewhere and brings its events back to the thread of the window."""

    def start(self, job: Job, request: object, token: Token, receive: Receive) -> None:
        """Start `job`; `receive` is called in the thread of the window, last with Done, Failed or Cancelled."""

    def wait(self, seconds: float) -> None:
        """Wait until everything that was started has ended, at most `seconds`."""


class ThreadRunner(QObject):
    """Runs each job in a thread of its own."""

    _arrived = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads: list[threading.Thread] = []
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def start(self, job: Job, request: object, token: Token, receive: Receive) -> None:
        """Start `job` in a new thread."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        name = f"napari-unlearn {getattr(job, '__module__', '')}"
        thread = threading.Thread(target=self._work, args=(job, request, token, receive), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for the threads."""
        for thread in self._threads:
            thread.join(seconds)

    @Slot(object, object)
    def _deliver(self, receive: Receive, event: Event) -> None:
        receive(event)

    def _work(self, job: Job, request: object, token: Token, receive: Receive) -> None:
        keep_llvm_apart()
        for event in complete(job, request, token):
            try:
                self._arrived.emit(receive, event)
            except RuntimeError:  # the window was closed and Qt has deleted this object
                token.cancel()
                return


def complete(job: Job, request: object, token: Token) -> Iterator[Event]:
    """Yield the events of `job` up to its last one, and make one where the job raises or just stops.

    Parameters
    ----------
    job : callable
        Generator function ``(request, token) -> events``.
    request : object
        What it is given.
    token : Token
        How it is cancelled.

    Yields
    ------
    Event
    """
    for event in guarded(job)(request, token):
        yield event
        if end_state(event) is not None:
            return
    yield Failed(
        "The work stopped without a result.", "Nothing was changed; start again, and report it if it stays so."
    )
