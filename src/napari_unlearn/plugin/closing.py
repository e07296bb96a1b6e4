"""Asks before the window is closed while a job runs, and lets no thread outlive it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget

from napari_unlearn.plugin.dialogs import confirm

QUESTION = "A job is running. Close the window and stop it? Masks are saved, and the model in use stays as it is."
LOSS = "The disk refuses what you painted on {cases}, so it is kept in this window only. Close it and lose that?"


class Closing(QObject):
    """Watches the window that a dock sits in.

    Parameters
    ----------
    dock : QWidget
        The dock, owner of this object.
    busy : callable
        Whether a job runs that somebody started.
    unsaved : callable
        Cases with work that is in memory only.
    """

    def __init__(self, dock: QWidget, busy: Callable[[], bool], unsaved: Callable[[], Sequence[str]] = tuple) -> None:
        super().__init__(dock)
        self._dock = dock
        self._busy = busy
        self._unsaved = unsaved

    def watch(self) -> None:
        """Watch the window where the dock is now; it may have been torn off."""
        # Installing a filter twice is the same as once. The window is not kept: it must be free to go.
        self._dock.window().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold back a closing that came from the user and that the user takes back."""
        # A program that closes the window knows what it does; a question would make it hang.
        if event.type() != QEvent.Type.Close or not event.spontaneous():
            return False
        unsaved = self._unsaved()
        questions = [LOSS.format(cases=", ".join(unsaved))] if unsaved else []
        questions += [QUESTION] if self._busy() else []
        if all(confirm(self._dock, "Unlearn", question) for question in questions):
            return False
        event.ignore()
        return True
