"""What a list is sorted by, and in which direction."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QSizePolicy, QToolButton, QWidget

from napari_unlearn.plugin.views.parts import label, named, row


class SortChoice(QWidget):
    """A list of columns and an arrow."""

    changed = Signal(str, bool)  # column, "" for the order of the data set; whether from large to small

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns = QComboBox()
        named(self._columns, "case_sort")
        self._columns.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._direction = QToolButton()
        named(self._direction, "case_direction")
        self._direction.setCheckable(True)
        self._direction.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._direction.setText("↑")
        layout = row(label("Sort by", "hint"), self._columns, self._direction, stretch=1)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)
        self.show_columns(())
        self._columns.currentIndexChanged.connect(self._on_change)
        self._direction.toggled.connect(self._on_change)

    def show_columns(self, columns: Sequence[str]) -> None:
        """Offer the columns of another list, which comes in the order of the data set."""
        for widget in (self._columns, self._direction):
            widget.blockSignals(True)
        self._columns.clear()
        self._columns.addItem("Order of the data set", "")
        for name in columns:
            self._columns.addItem(name.replace("_", " "), name)
        self._direction.setChecked(False)
        self._direction.setText("↑")
        for widget in (self._columns, self._direction):
            widget.blockSignals(False)

    def _on_change(self) -> None:
        descending = self._direction.isChecked()
        self._direction.setText("↓" if descending else "↑")
        self.changed.emit(self._columns.currentData(), descending)
