"""What the window tells a live session, and how the session notices that it has been overtaken.

Each stroke carries a copy of the mask. Of several strokes on one case only the last matters; strokes on different cases
all do.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case


@dataclass(frozen=True, eq=False)
class Stroke:
    """A fine mask as it was when a stroke ended.

    Attributes
    ----------
    case : Case
        Whose mask it is.
    fine : ndarray of uint8, shape (H, W)
        Class ids, a copy.
    ended : float
        When, on the clock of `time.monotonic`.
    """

    case: Case
    fine: NDArray[np.uint8]
    ended: float


@dataclass(frozen=True, eq=False)
class Mail:
    """Everything that came since the session last looked.

    Attributes
    ----------
    strokes : tuple of Stroke
        The last one of each case, in the order of the cases.
    look : Case or None
        Case that is in hand now, if that has changed.
    generation : int
        Of the last stroke; the first one is 1.
    """

    strokes: tuple[Stroke, ...]
    look: Case | None
    generation: int


class Inbox:
    """Safe to use from any thread; none of its methods but `take` waits."""

    def __init__(self) -> None:
        self._strokes: dict[str, Stroke] = {}
        self._look: Case | None = None
        self._generation = 0
        self._closed = False
        self._changed = threading.Condition()

    def stroke(self, case: Case, fine: NDArray[np.uint8]) -> int:
        """Tell of a stroke on `case` that left the mask `fine`, and return its generation."""
        copy = np.array(fine, np.uint8)
        with self._changed:
            self._strokes[case.id] = Stroke(case, copy, time.monotonic())
            self._look = case
            self._generation += 1
            self._changed.notify()
            return self._generation

    def look(self, case: Case) -> None:
        """Tell which case is in hand."""
        with self._changed:
            self._look = case
            self._changed.notify()

    def close(self) -> None:
        """End the session."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    @property
    def closed(self) -> bool:
        """Whether the session is to end."""
        return self._closed

    @property
    def waiting(self) -> bool:
        """Whether something came that makes an answer in the making worthless."""
        return self._closed or bool(self._strokes)

    @property
    def any(self) -> bool:
        """Whether anything came."""
        return self.waiting or self._look is not None

    def take(self, seconds: float) -> Mail | None:
        """Wait for something, at most so long.

        Parameters
        ----------
        seconds : float
            0 does not wait.

        Returns
        -------
        Mail or None
            None where nothing came.
        """
        with self._changed:
            if not self.any:
                self._changed.wait(seconds)
            if not self.any:
                return None
            mail = Mail(tuple(self._strokes.values()), self._look, self._generation)
            self._strokes, self._look = {}, None
            return mail
