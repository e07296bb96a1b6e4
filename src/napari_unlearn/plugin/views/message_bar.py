"""One message at a time, inside the dock: what went wrong or right, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import label, named


class MessageBar(QFrame):
    """Hidden until there is something to say; stays until it is dismissed or replaced."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self.setProperty("kind", "message")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 4, 6)
        texts = QVBoxLayout()
        self._sentence = label(wrap=True)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._remedy = label(kind="hint", wrap=True)
        for part in (self._sentence, self._remedy):  # Qt may give a line that just fits the room of two
            part.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._act = QPushButton()
        self._act.clicked.connect(self._on_act)
        self._action: Callable[[], object] | None = None
        texts.addWidget(self._sentence)
        texts.addWidget(self._remedy)
        texts.addWidget(self._act, 0, Qt.AlignmentFlag.AlignLeft)
        texts.addStretch(1)  # what is too high is empty below, not in between
        layout.addLayout(texts, 1)
        dismiss = QPushButton(TEXTS["dismiss"].label)
        named(dismiss, "dismiss")
        dismiss.setProperty("kind", "plain")
        dismiss.clicked.connect(self.hide)
        layout.addWidget(dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self.shown: list[tuple[str, str]] = []  # what was said so far, for a person who asks and for tests
        self.hide()

    def error(self, sentence: str, remedy: str = "") -> None:
        """Say that something went wrong, and what helps."""
        self._show("error", sentence, remedy)

    def done(self, sentence: str, remedy: str = "") -> None:
        """Say that something has succeeded."""
        self._show("done", sentence, remedy)

    def note(self, sentence: str, remedy: str = "", act: str = "", action: Callable[[], object] | None = None) -> None:
        """Say something the user should know, with a button `act` that does something about it."""
        self._show("note", sentence, remedy, act, action)

    def _show(
        self, level: str, sentence: str, remedy: str, act: str = "", action: Callable[[], object] | None = None
    ) -> None:
        self.setProperty("level", level)
        self.style().unpolish(self)
        self.style().polish(self)
        self._sentence.setText(sentence)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self._act.setText(act)
        self._act.setVisible(action is not None)
        self._action = action
        self.shown.append((level, sentence))
        self.show()

    def _on_act(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()
