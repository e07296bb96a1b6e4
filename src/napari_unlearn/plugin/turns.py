"""Does what takes the window long in pieces, so that it can draw and listen in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer

BREATH = 20  # milliseconds for the window between two pieces: napari takes long to add a layer


class Turns(QObject):
    """Runs steps one after another, each in a turn of the event loop of its own.

    Parameters
    ----------
    parent : QObject
        Owner; with it, what is left is forgotten.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._left: deque[Callable[[], object]] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._go_on)

    @property
    def busy(self) -> bool:
        """Whether a step is still to come."""
        return bool(self._left)

    def start(self, *steps: Callable[[], object], breath: int = BREATH) -> None:
        """Run these steps, in place of what is left of earlier ones.

        Parameters
        ----------
        *steps : callable
            What to do; each looks for itself whether it still matters.
        breath : int
            Milliseconds before each.
        """
        self._left = deque(steps)
        self._timer.setInterval(breath)
        self._timer.start()

    def stop(self) -> None:
        """Forget what is left."""
        self._left.clear()
        self._timer.stop()

    def _go_on(self) -> None:
        if not self._left:
            return
        step = self._left.popleft()
        if self._left:  # before the step, which may fail
            self._timer.start()
        step()
