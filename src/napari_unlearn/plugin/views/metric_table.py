"""Numbers before and after, one line a measure, with an arrow that says whether it got better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_unlearn.plugin import colours


class MetricRow(NamedTuple):
    """One measure; `better` is +1 when it improved, -1 when it got worse, 0 when there is nothing to say.

    A line without numbers is the heading of those that follow.
    """

    name: str
    before: str = ""
    after: str = ""
    better: int = 0
    tip: str = ""


class MetricTable(QTableWidget):
    """Measure, before, after; grows with its lines and never scrolls by itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 4, parent)
        self.setObjectName("metrics")
        self.setHorizontalHeaderLabels(["Measure", "Before", "After", ""])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(22)

    def show_rows(self, rows: Sequence[MetricRow]) -> None:
        """Show these lines instead."""
        self.clearSpans()
        self.setRowCount(len(rows))
        for place, line in enumerate(rows):
            heading = not line.before and not line.after
            if heading:
                self.setSpan(place, 0, 1, 4)
            arrow = {1: "▲", -1: "▼"}.get(line.better, "")
            for column, text in enumerate((line.name, line.before, line.after, arrow)):
                item = QTableWidgetItem(text)
                item.setToolTip(line.tip)
                if heading:
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                if column == 3:
                    item.setForeground(QColor(colours.BETTER if line.better > 0 else colours.WORSE))
                    item.setToolTip("Better than before" if line.better > 0 else "Worse than before")
                self.setItem(place, column, item)
        self.resizeRowsToContents()
        rows_height = sum(self.rowHeight(place) for place in range(len(rows)))
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + rows_height + 4)
