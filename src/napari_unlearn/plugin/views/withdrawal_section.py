"""Whole cases to forget besides dilation artefacts: a part of step 3 that stays closed until it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QLineEdit, QToolButton, QVBoxLayout, QWidget

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import Card, label, named


class WithdrawalSection(QWidget):
    """A switch, a field for the criterion, what it picks, and what becomes of the other cases."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self._open = QToolButton()
        named(self._open, "forget_section")
        self._open.setText(TEXTS["forget_section"].label)
        self._open.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._open.setArrowType(Qt.ArrowType.RightArrow)
        self._open.setCheckable(True)
        self._field = QLineEdit()
        named(self._field, "forget_cases")
        self._field.setPlaceholderText("site = Vienna and acquired < 2019-07-01")
        self._found = label("", "hint", wrap=True, rich=True)
        self._found.setObjectName("forget_count")
        self._keep = QCheckBox(TEXTS["keep_coarse"].label)
        named(self._keep, "keep_coarse")
        self._card = Card()
        for part in (label(TEXTS["forget_cases"].label), self._field, self._found, self._keep):
            self._card.body.addWidget(part)
        self._card.hide()
        layout.addWidget(self._open)
        layout.addWidget(self._card)
        self._open.toggled.connect(self._card.setVisible)
        self._open.toggled.connect(self._on_opened)
        self._field.textChanged.connect(self.changed)
        self._keep.toggled.connect(self.changed)

    @property
    def criterion(self) -> str | None:
        """What to forget, None where nothing is written or the section is closed."""
        return (self._field.text().strip() or None) if self._open.isChecked() else None

    @property
    def keep_coarse(self) -> bool:
        """Whether the other cases keep their coarse masks; only beside a criterion."""
        return self.criterion is not None and self._keep.isChecked()

    def show_columns(self, columns: Sequence[str]) -> None:
        """Say what can be looked for, as long as nothing is written."""
        self._found.setText(f"Columns of this data set: {escape(', '.join(columns), quote=False)}.")

    def show_count(self, chosen: int, refined: int, total: int) -> None:
        """Say how many training cases are picked."""
        which = f", {refined} of them refined" if refined else ""
        fits = "fits" if chosen == 1 else "fit"
        self._found.setText(f"<b>{chosen}</b> of {total} training cases {fits}{which}.")

    def show_problem(self, sentence: str) -> None:
        """Say why nothing can be picked."""
        self._found.setText(escape(sentence, quote=False))

    def clear(self) -> None:
        """Forget what was written, because it was about other data."""
        self._field.clear()
        self._open.setChecked(False)

    def _on_opened(self, opened: bool) -> None:
        self._open.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        if opened:
            self._field.setFocus()
        self.changed.emit()
