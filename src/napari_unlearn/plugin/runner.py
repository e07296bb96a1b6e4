"""Where jobs run: an interface, and its implementation with a thread. What crosses it can be pickled.

napari's and superqt's generator workers lose every RuntimeError, so they are not used here: the thread below turns
whatever escapes into the last event of the job.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any, Protocol

from qtpy.QtCore import QObject, Qt, QTimer, Signal, Slot

from napari_unlearn.jobs.events import Event, Failed, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.state import end_state
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin.beside_opengl import keep_llvm_apart
from napari_unlearn.plugin.courtesy import courteous

Job = Callable[[Any, Token], Iterator[Event]]
Receive = Callable[[Event], None]
ROUND = 50  # milliseconds between two deliveries; nobody reads faster, and every delivery lays the dock out anew
LONG = 0.02  # seconds after which what is left of a delivery waits for the next one


class JobRunner(Protocol):
    """Runs a job somewhere and brings its events back to the thread of the window."""

    def start(self, job: Job, request: object, token: Token, receive: Receive) -> None:
        """Start `job`; `receive` is called in the thread of the window, last with Done, Failed or Cancelled."""

    def wait(self, seconds: float) -> None:
        """Wait until everything that was started has ended, at most `seconds`."""


class ThreadRunner(QObject):
    """Runs each job in a thread of its own; events that come fast are delivered in rounds."""

    _arrived = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads: list[threading.Thread] = []
        self._mail: SimpleQueue[tuple[Receive, Event]] = SimpleQueue()
        self._pending: list[tuple[Receive, Event]] = []
        self._round = QTimer(self)
        self._round.setSingleShot(True)
        self._round.setInterval(ROUND)
        self._round.timeout.connect(self._deliver)
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    def start(self, job: Job, request: object, token: Token, receive: Receive) -> None:
        """Start `job` in a new thread."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        name = f"napari-unlearn {getattr(job, '__module__', '')}"
        thread = threading.Thread(target=self._work, args=(job, request, token, receive), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for the threads."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    @Slot()
    def _on_arrived(self) -> None:
        if not self._round.isActive():
            self._deliver()

    def _deliver(self) -> None:
        pending = self._pending
        pending += [self._mail.get() for _ in range(self._mail.qsize())]
        pending[:] = _without_outdated(pending)
        if pending:
            self._round.start()
        start = time.perf_counter()
        while pending:
            receive, event = pending.pop(0)
            receive(event)
            if time.perf_counter() - start > LONG:
                break

    def _work(self, job: Job, request: object, token: Token, receive: Receive) -> None:
        keep_llvm_apart()
        with courteous():
            for event in complete(job, request, token):
                self._mail.put((receive, event))
                try:
                    self._arrived.emit()
                except RuntimeError:  # the window was closed and Qt has deleted this object
                    token.cancel()
                    return


def _without_outdated(mail: list[tuple[Receive, Event]]) -> list[tuple[Receive, Event]]:
    """How far a job was matters no more once it is further."""
    newest = {id(receive): event for receive, event in mail if isinstance(event, Progress)}
    return [
        (receive, event) for receive, event in mail if not isinstance(event, Progress) or newest[id(receive)] is event
    ]


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
