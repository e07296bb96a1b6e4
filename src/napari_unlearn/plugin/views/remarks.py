"""The note on the case in hand, and whether it takes part."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import label, named, row

REASONS = (
    "Image too poor",
    "No lesion in the picture",
    "More than one lesion",
    "Same lesion as another case",
    "Diagnosis in doubt",
    "No consent",
)


class Remarks(QWidget):
    """A line for a note, and a line to exclude the case with a reason or to take it in again."""

    note_written = Signal(str, str)  # case id, note
    exclusion_requested = Signal(str, str)  # case id, reason
    inclusion_requested = Signal(str)  # case id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._case_id = ""
        self._known = ""
        self._excluded = ""
        self._note = QLineEdit()
        named(self._note, "case_note")
        self._note.setPlaceholderText(TEXTS["case_note"].label)
        self._note.editingFinished.connect(self.flush)
        self._open = self._button("exclude_open")
        self._open.clicked.connect(self._on_open)
        self._why = label("", "hint", wrap=True)
        self._why.setObjectName("excluded_because")
        self._reason = QComboBox()
        named(self._reason, "exclude_reason")
        self._reason.setEditable(True)
        self._reason.addItems(REASONS)
        self._reason.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._exclude = self._button("exclude_case")
        self._exclude.clicked.connect(self._on_exclude)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row(self._note, self._open, stretch=0))
        layout.addLayout(row(self._reason, self._exclude, stretch=0))
        layout.addWidget(self._why)
        self.show_case("", "", "")

    def show_case(self, case_id: str, note: str, excluded: str) -> None:
        """Show what is written about a case; a note that is still being typed is handed over first.

        Parameters
        ----------
        case_id : str
            The case in hand.
        note : str
            Its note.
        excluded : str
            Why it is left out, "" where it is not.
        """
        if case_id != self._case_id:
            self.flush()
        self._case_id, self._known, self._excluded = case_id, note, excluded
        self._note.setText(note)
        key = "include_case" if excluded else "exclude_open"
        self._open.setText(TEXTS[key].label)
        self._open.setToolTip(TEXTS[key].tip)
        self._why.setText(f"Excluded: {excluded}" if excluded else "")
        self._why.setVisible(bool(excluded))
        self._show_reason(False)

    def flush(self) -> None:
        """Hand over the note as it stands."""
        text = self._note.text()
        if self._case_id and text.strip() != self._known:
            self._known = text.strip()
            self.note_written.emit(self._case_id, text)

    def _on_open(self) -> None:
        if self._excluded:
            self.inclusion_requested.emit(self._case_id)
        else:
            self._show_reason(self._reason.isHidden())
            if not self._reason.isHidden():
                self._reason.setFocus()
                self._reason.lineEdit().selectAll()

    def _on_exclude(self) -> None:
        self.flush()
        self.exclusion_requested.emit(self._case_id, self._reason.currentText())

    def _show_reason(self, shown: bool) -> None:
        self._reason.setVisible(shown)
        self._exclude.setVisible(shown)

    def _button(self, key: str) -> QPushButton:
        made = QPushButton(TEXTS[key].label)
        named(made, key)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return made
