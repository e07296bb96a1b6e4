"""What the list of cases shows, as a model of Qt: the lines, their order, their marks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import QWidget

from napari_unlearn.plugin.views.case_mark import mark, picture

COLUMNS = ("Case", "Diagnosis", "Split")
STATUS, NOTE = "Status", "Note"
NO_LESION = "no lesion in the coarse mask"
ICON = QSize(48, 32)
KEPT = 2000  # pictures in memory, 10 kB each
STATUS_ROLE = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex


class CaseRow(NamedTuple):
    """One line of the list."""

    case_id: str
    diagnosis: str
    split: str
    status: str
    metadata: Mapping[str, str] = {}


class CaseModel(QAbstractTableModel):
    """Lines of the list; the last column shows what the list is sorted by."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[CaseRow] = []
        self._given: list[CaseRow] = []  # in the order of the data set
        self._places: dict[str, int] = {}
        self._notes: dict[str, str] = {}
        self._lesion_free: set[str] = set()
        self._pictures: OrderedDict[str, QPixmap] = OrderedDict()
        self._third = COLUMNS[2]

    @property
    def columns(self) -> tuple[str, ...]:
        """What the list can be sorted by: its own columns, status and note, and every column of the table."""
        further = dict.fromkeys(name for line in self._given for name in line.metadata)
        return (*COLUMNS, STATUS, NOTE, *further)

    def line(self, place: int) -> CaseRow:
        """The line at a place of the present order."""
        return self._rows[place]

    def set_rows(self, rows: Sequence[CaseRow]) -> None:
        """Show other cases; notes and pictures of those before are forgotten."""
        self._given = list(rows)
        self._notes.clear()
        self._lesion_free.clear()
        self._pictures.clear()
        self._third = COLUMNS[2]
        self._put(list(rows))

    def sort_by(self, column: str, descending: bool = False) -> None:
        """Put the lines into the order of a column, numbers as numbers; "" for the order of the data set."""
        self._third = column if column not in ("", *COLUMNS[:2]) else COLUMNS[2]
        self._given = [self._rows[self._places[line.case_id]] for line in self._given]
        if not column:
            self._put(self._given[::-1] if descending else list(self._given))
            return
        known = [line for line in self._given if self._text(line, column)]
        known.sort(key=lambda line: _key(self._text(line, column)), reverse=descending)
        self._put(known + [line for line in self._given if not self._text(line, column)])  # unknown ones last

    def set_status(self, case_id: str, status: str) -> None:
        """Change the status of one case."""
        place = self._places[case_id]
        self._rows[place] = self._rows[place]._replace(status=status)
        self._changed(case_id)

    def set_note(self, case_id: str, note: str) -> None:
        """Change the note on one case."""
        self._notes[case_id] = note
        self._changed(case_id)

    def set_lesion_free(self, case_ids: Iterable[str]) -> None:
        """Say of cases that their coarse mask shows no lesion."""
        self._lesion_free.update(case_ids)

    def set_thumbnail(self, case_id: str, pixels: NDArray[np.uint8]) -> None:
        """Keep a picture, uint8 of shape (h, w, 3)."""
        if case_id not in self._places:
            return
        self._pictures[case_id] = picture(pixels)
        while len(self._pictures) > KEPT:
            self._pictures.popitem(last=False)
        self._changed(case_id)

    def has_thumbnail(self, case_id: str) -> bool:
        """Whether there is a picture of a case."""
        return case_id in self._pictures

    def searchable(self, place: int) -> str:
        """Everything in a line that the search looks at, in small letters."""
        line = self._rows[place]
        note = self._notes.get(line.case_id, "")
        return "\n".join((line.case_id, line.diagnosis, line.split, note, self._text(line, self._third))).casefold()

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
        return (*COLUMNS[:2], self._third.replace("_", " "))[section] if shown else None

    def data(self, index: Index, role: int = 0) -> object:
        """Text, mark or tooltip of a cell."""
        line = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return line[index.column()] if index.column() < 2 else self._text(line, self._third)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            noted = bool(self._notes.get(line.case_id))
            return mark(line.status, self._pictures.get(line.case_id), noted, ICON)
        if role == Qt.ItemDataRole.ToolTipRole:
            free = NO_LESION.capitalize() if line.case_id in self._lesion_free else ""
            return "\n".join(filter(None, (f"{line.case_id}: {line.status}", free, self._notes.get(line.case_id, ""))))
        return line.status if role == STATUS_ROLE else None

    def _text(self, line: CaseRow, column: str) -> str:
        if column in COLUMNS:
            return str(line[COLUMNS.index(column)])
        if column == STATUS:
            return line.status
        return self._notes.get(line.case_id, "") if column == NOTE else line.metadata.get(column, "")

    def _put(self, rows: list[CaseRow]) -> None:
        self.beginResetModel()
        self._rows = rows
        self._places = {line.case_id: place for place, line in enumerate(rows)}
        self.endResetModel()

    def _changed(self, case_id: str) -> None:
        place = self._places[case_id]
        self.dataChanged.emit(self.index(place, 0), self.index(place, len(COLUMNS) - 1))


def _key(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), ""
    except ValueError:
        return 1, 0.0, text.casefold()
