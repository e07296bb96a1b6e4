"""The cases of the data set as a list with a dot for their status, searchable; ten thousand are no problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qtpy.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QLineEdit, QTableView, QVBoxLayout, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import named, row

COLUMNS = ("Case", "Diagnosis", "Split")
STATUS_ROLE = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex


class CaseRow(NamedTuple):
    """One line of the list."""

    case_id: str
    diagnosis: str
    split: str
    status: str


class CaseModel(QAbstractTableModel):
    """Lines of the list; only a status ever changes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[CaseRow] = []
        self._places: dict[str, int] = {}

    def set_rows(self, rows: Sequence[CaseRow]) -> None:
        """Show other cases."""
        self.beginResetModel()
        self._rows = list(rows)
        self._places = {line.case_id: place for place, line in enumerate(rows)}
        self.endResetModel()

    def set_status(self, case_id: str, status: str) -> None:
        """Change the status of one case."""
        place = self._places[case_id]
        self._rows[place] = self._rows[place]._replace(status=status)
        self.dataChanged.emit(self.index(place, 0), self.index(place, len(COLUMNS) - 1))

    def place(self, case_id: str) -> QModelIndex:
        """Index of a case; an invalid one when it is not listed."""
        return self.index(self._places[case_id], 0) if case_id in self._places else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of cases."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        """Name of a column."""
        shown = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return COLUMNS[section] if shown else None

    def data(self, index: Index, role: int = 0) -> object:
        """Text, dot or tooltip of a cell."""
        line = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return line[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return dot(line.status)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{line.case_id}: {line.status}"
        return line.status if role == STATUS_ROLE else None


class CaseTable(QWidget):
    """The list with its filter and its search field."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = CaseModel(self)
        self._shown = _Filter(self)
        self._shown.setSourceModel(self._model)
        self._search = QLineEdit()
        named(self._search, "case_search")
        self._search.setPlaceholderText(TEXTS["case_search"].label)
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._shown.set_text)
        self._filter = QComboBox()
        named(self._filter, "case_filter")
        self._filter.addItem("All cases", "")
        for status in colours.STATUS:
            self._filter.addItem(QIcon(dot(status)), status.capitalize(), status)
        self._filter.currentIndexChanged.connect(lambda: self._shown.set_status(self._filter.currentData()))
        self._view = QTableView()
        self._view.setObjectName("cases")
        self._view.setModel(self._shown)
        self._view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._view.setShowGrid(False)
        self._view.setIconSize(QSize(12, 12))
        self._view.verticalHeader().hide()
        self._view.verticalHeader().setDefaultSectionSize(26)
        header = self._view.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        self._view.selectionModel().currentRowChanged.connect(self._on_current)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(self._search, self._filter, stretch=0))
        layout.addWidget(self._view, 1)

    def set_rows(self, rows: Sequence[CaseRow]) -> None:
        """List other cases."""
        self._model.set_rows(rows)

    def set_status(self, case_id: str, status: str) -> None:
        """Change the dot of one case."""
        self._model.set_status(case_id, status)

    def set_current(self, case_id: str) -> None:
        """Mark the case in hand, without asking for it again."""
        index = self._shown.mapFromSource(self._model.place(case_id))
        selection = self._view.selectionModel()
        blocked = selection.blockSignals(True)
        self._view.setCurrentIndex(index)
        selection.blockSignals(blocked)
        self._view.viewport().update()
        if index.isValid():
            self._view.scrollTo(index)

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(str(self._shown.index(index.row(), 0).data()))


class _Filter(QSortFilterProxyModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = ""
        self._status = ""

    def set_text(self, text: str) -> None:
        self._text = text.casefold().strip()
        self.invalidate()

    def set_status(self, status: str) -> None:
        self._status = status
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        source = self.sourceModel()
        texts = (str(source.index(row, column, parent).data()) for column in range(len(COLUMNS)))
        status = source.index(row, 0, parent).data(STATUS_ROLE)
        return (not self._status or status == self._status) and any(self._text in text.casefold() for text in texts)


def dot(status: str) -> QPixmap:
    """A ring for unrefined, half a disc for in progress, a disc for refined."""
    pixmap = QPixmap(24, 24)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(colours.STATUS[status])
    pen = painter.pen()
    pen.setColor(colour)
    pen.setWidth(3)
    painter.setPen(pen)
    painter.setBrush(colour if status == "refined" else QColor(0, 0, 0, 0))
    painter.drawEllipse(4, 4, 16, 16)
    if status == "in progress":
        painter.setBrush(colour)
        painter.drawPie(4, 4, 16, 16, 90 * 16, 180 * 16)
    painter.end()
    return pixmap
