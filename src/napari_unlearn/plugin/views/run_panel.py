"""What a running job does, how long it will still take, and the buttons that hold, stop and cancel it."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.bar import Bar
from napari_unlearn.plugin.views.parts import Card, Line, named, row

KEYS = ("pause", "stop", "cancel")


class RunPanel(Card):
    """Progress bar, message, remaining time, pause, stop and cancel; hidden while nothing runs."""

    requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons = {key: QPushButton(TEXTS[key].label) for key in KEYS}
        for key, button in self._buttons.items():
            named(button, key)
            button.setProperty("kind", "narrow")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, key=key: self.requested.emit(key))
        self._message, self._remaining = Line(), Line("hint")
        self._bar = Bar()
        self._doing, self._left, self._total = "", "", 0
        self._asked: tuple[str, str] | None = None  # what was asked of the job comes before what it does
        self.body.addWidget(self._message)
        self.body.addWidget(self._bar)
        self.body.addWidget(self._remaining)
        self.body.addLayout(row(*(self._buttons[key] for key in KEYS), stretch=1))
        self.hide()

    def show_state(self, busy: bool, cancelling: bool, paused: bool = False, stopping: bool = False) -> None:
        """Appear while a job runs; say at once that it is being held, stopped or cancelled."""
        if busy and not self.isVisibleTo(self.parentWidget()):
            self.show_progress(0, 0, "Starting", None)
        self.setVisible(busy)
        self._buttons["pause"].setText("Resume" if paused else TEXTS["pause"].label)
        self._buttons["stop"].setText("Stopping…" if stopping else TEXTS["stop"].label)
        self._buttons["cancel"].setText("Cancelling…" if cancelling else TEXTS["cancel"].label)
        self._asked = None
        if cancelling:
            self._asked = "Cancelling…", "Ends after this step; the model in use stays."
        elif stopping:
            self._asked = "Stopping…", "Ends after this step; the last good state is kept."
        elif paused:
            self._asked = "Paused", "Waits after this step; press Resume to go on."
        self._say()

    def show_stoppable(self, stoppable: bool) -> None:
        """Offer to stop and keep the best only where a job knows what that is."""
        self._buttons["stop"].setVisible(stoppable)

    def show_progress(self, done: int, total: int, message: str, remaining: float | None) -> None:
        """Show how far the job is."""
        steps = f"{done} of {total}" if total else "This may take a moment"
        self._doing = f"{message}…"
        self._left = steps if remaining is None else f"{steps} · {duration(remaining)} left"
        self._total = total
        self._say()
        self._bar.setValue(done)

    def _say(self) -> None:
        message, remaining = self._asked or (self._doing, self._left)
        self._message.set_text(message)
        self._remaining.set_text(remaining)
        still = self._buttons["pause"].text() == "Resume"
        self._bar.setRange(0, self._total or int(still))  # a bar from 0 to 0 moves, as if something went on


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"about {round(seconds)} s"
    return f"about {round(seconds / 60)} min"
