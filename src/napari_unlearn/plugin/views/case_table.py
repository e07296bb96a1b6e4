"""The cases of the data set as a list with a picture and a mark for their status; ten thousand are no problem."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSize, QSortFilterProxyModel, Qt, QTimer, Signal
from qtpy.QtGui import QIcon, QResizeEvent, QShowEvent
from qtpy.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QLineEdit, QTableView, QVBoxLayout, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.case_mark import dot
from napari_unlearn.plugin.views.case_model import ICON, CaseModel, CaseRow, Index
from napari_unlearn.plugin.views.parts import named, row
from napari_unlearn.plugin.views.sort_choice import SortChoice

__all__ = ["CaseRow", "CaseTable", "dot"]
SETTLE = 80  # milliseconds that the list must rest before pictures of what it shows are asked for


class CaseTable(QWidget):
    """The list with its filter, its search field and its order."""

    chosen = Signal(str)
    thumbnails_wanted = Signal(list)  # identifiers of the cases in sight that have no picture yet

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = CaseModel(self)
        self._shown = _Filter(self._model, self)
        self._current = ""
        self._held = False  # while lines go, no other one becomes the current one
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
        self._sort = SortChoice()
        self._sort.changed.connect(self._on_order)
        self._view = QTableView()
        self._view.setObjectName("cases")
        # Before the view, whose selection goes on to another row when the current one goes: nobody has chosen that.
        self._shown.rowsAboutToBeRemoved.connect(self._hold)
        self._view.setModel(self._shown)
        self._view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._view.setShowGrid(False)
        self._view.setIconSize(ICON)
        self._view.verticalHeader().hide()
        self._view.verticalHeader().setDefaultSectionSize(ICON.height() + 6)
        header = self._view.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        self._view.selectionModel().currentRowChanged.connect(self._on_current)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(SETTLE)
        self._rest.timeout.connect(self._ask_for_thumbnails)
        self._view.verticalScrollBar().valueChanged.connect(self._rest.start)
        for changed in (self._shown.modelReset, self._shown.rowsInserted, self._shown.layoutChanged):
            changed.connect(self._rest.start)
        self._marking = QTimer(self)  # once, however many rows come or go
        self._marking.setSingleShot(True)
        self._marking.timeout.connect(lambda: self.set_current(self._current))
        self._shown.rowsRemoved.connect(self._let_go)
        for changed in (self._shown.rowsInserted, self._shown.layoutChanged):
            changed.connect(self._marking.start)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(self._search, self._filter, stretch=0))
        layout.addWidget(self._sort)
        layout.addWidget(self._view, 1)

    @property
    def listed(self) -> tuple[str, ...]:
        """Identifiers of the cases in sight or a scroll away, from top to bottom."""
        # Qt would map ten thousand lines one by one, which takes longer than a frame; the filter keeps their order.
        count = self._model.rowCount()
        return tuple(self._model.line(place).case_id for place in range(count) if self._shown.accepts(place))

    def set_rows(self, rows: Sequence[CaseRow]) -> None:
        """List other cases, in this order."""
        self._model.set_rows(rows)
        self._sort.show_columns(self._model.columns)

    def set_status(self, case_id: str, status: str) -> None:
        """Change the mark of one case."""
        self._model.set_status(case_id, status)

    def set_note(self, case_id: str, note: str) -> None:
        """Show a note with the case; it is found by the search too."""
        self._model.set_note(case_id, note)

    def set_lesion_free(self, case_ids: Sequence[str]) -> None:
        """Say of cases that there is nothing to refine."""
        self._model.set_lesion_free(case_ids)

    def set_thumbnail(self, case_id: str, picture: NDArray[np.uint8]) -> None:
        """Show a picture, uint8 of shape (h, w, 3), beside the case."""
        self._model.set_thumbnail(case_id, picture)

    def set_current(self, case_id: str) -> None:
        """Mark the case in hand, without asking for it again."""
        self._current = case_id
        index = self._shown.mapFromSource(self._model.place(case_id))
        selection = self._view.selectionModel()
        blocked = selection.blockSignals(True)
        self._view.setCurrentIndex(index)
        selection.blockSignals(blocked)
        self._view.viewport().update()
        if index.isValid():
            self._view.scrollTo(index)

    def sizeHint(self) -> QSize:
        """Room for a handful of cases."""
        return QSize(360, 320)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other cases have come into sight."""
        super().resizeEvent(event)
        self._rest.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for no picture before somebody can see it."""
        super().showEvent(event)
        self._rest.start()

    def _on_order(self, column: str, descending: bool) -> None:
        self._model.sort_by(column, descending)
        self.set_current(self._current)

    def _on_current(self, index: Index) -> None:
        if index.isValid() and not self._held:
            self._current = str(self._shown.index(index.row(), 0).data())
            self.chosen.emit(self._current)

    def _hold(self) -> None:
        self._held = True

    def _let_go(self) -> None:
        self._held = False
        self._marking.start()

    def _ask_for_thumbnails(self) -> None:
        if not self._view.isVisible():
            return
        first = self._view.rowAt(0)
        last = self._view.rowAt(self._view.viewport().height() - 1)
        if first < 0:
            return
        last = self._shown.rowCount() - 1 if last < 0 else last
        lines = (
            self._model.line(self._shown.mapToSource(self._shown.index(k, 0)).row()) for k in range(first, last + 1)
        )
        wanted = [line.case_id for line in lines if not self._model.has_thumbnail(line.case_id)]
        if wanted:
            self.thumbnails_wanted.emit(wanted)


class _Filter(QSortFilterProxyModel):
    def __init__(self, model: CaseModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._text = ""
        self._status = ""
        self.setSourceModel(model)

    def set_text(self, text: str) -> None:
        self._text = text.casefold().strip()
        self.invalidate()

    def set_status(self, status: str) -> None:
        self._status = status
        self.invalidate()

    def accepts(self, place: int) -> bool:
        if self._status and self._model.line(place).status != self._status:
            return False
        return not self._text or self._text in self._model.searchable(place)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        return self.accepts(row)
