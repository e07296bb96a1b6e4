"""What a running job does, how long it will still take, and the button that stops it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QProgressBar, QPushButton, QWidget

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import Card, Line, named, row


class RunPanel(Card):
    """Progress bar, message, remaining time and cancel; hidden while nothing runs."""

    requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cancel = QPushButton(TEXTS["cancel"].label)
        named(self._cancel, "cancel")
        self._cancel.clicked.connect(lambda: self.requested.emit("cancel"))
        self._message, self._remaining = Line(), Line("hint")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.body.addLayout(row(self._message, self._cancel, stretch=0))
        self.body.addWidget(self._bar)
        self.body.addWidget(self._remaining)
        self.hide()

    def show_state(self, busy: bool, cancelling: bool) -> None:
        """Appear while a job runs; say at once that it is being cancelled."""
        if busy and not self.isVisibleTo(self.parentWidget()):
            self.show_progress(0, 0, "Starting", None)
        self.setVisible(busy)
        self._cancel.setText("Cancelling…" if cancelling else "Cancel")
        if cancelling:
            self._message.set_text("Cancelling…")

    def show_progress(self, done: int, total: int, message: str, remaining: float | None) -> None:
        """Show how far the job is."""
        self._message.set_text(f"{message}…")
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        steps = f"{done} of {total}" if total else "This may take a moment"
        self._remaining.set_text(steps if remaining is None else f"{steps} · {duration(remaining)} left")


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"about {round(seconds)} s"
    return f"about {round(seconds / 60)} min"
