"""Every run of the project as a table to sort, and what can be done with the runs that are chosen in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qtpy.QtCore import QItemSelectionModel, QSize, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_unlearn.plugin.style import Theme, sheet
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import label, named, row

KEYS = ("compare_runs", "compose_runs", "restore_run", "rerun")
COLUMNS = (
    ("When", "When the run ended."),
    ("Method", "How the model was revised."),
    ("Guarantee", "What is guaranteed afterwards."),
    ("ε", "Privacy budget of the guarantee; 0 is exact, none is empirical."),
    ("Dice", "Overlap with the fine masks, mean of the measured splits; 1 is perfect."),
    (
        "Leakage",
        "What an artefact on a predicted pixel tells about the truth there, nats, in the split that leaks most.",
    ),
    ("Shortcut gap", "AUROC where shortcut and diagnosis agree minus where they conflict; 0 is best."),
    ("Time", "How long the run took."),
    ("", "The model in use."),
)


class HistoryRow(NamedTuple):
    """One run; numbers that were not measured are None."""

    key: str
    when: str
    method: str
    guarantee: str
    epsilon: float | None
    dice: float | None
    leakage: float | None
    gap: float | None
    seconds: float | None
    in_use: bool
    tip: str
    again: bool  # whether it can be run again


class HistoryPanel(QWidget):
    """The table and its buttons."""

    requested = Signal(str)  # one of KEYS

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("unlearn_dock")  # the style sheet of the dock is meant
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setObjectName("history")
        self.table.setStyleSheet("QTableView::item { padding: 2px 8px; }")
        self.table.setAccessibleName("Runs of this project")
        for place, (name, tip) in enumerate(COLUMNS):
            item = QTableWidgetItem(name)
            item.setToolTip(tip)
            item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            self.table.setHorizontalHeaderItem(place, item)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.sortItems(0, Qt.SortOrder.DescendingOrder)
        self.table.setSortingEnabled(True)
        self.table.itemSelectionChanged.connect(self._show_enabled)
        self.table.itemDoubleClicked.connect(lambda _: self._request("compare_runs"))
        self._buttons = {key: QPushButton(TEXTS[key].label) for key in KEYS}
        for key, button in self._buttons.items():
            named(button, key)
            button.clicked.connect(lambda _=False, key=key: self._request(key))
        self._hint = label("", "hint", wrap=True)
        self._rows: dict[str, HistoryRow] = {}
        self._busy = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.addWidget(self.table, 1)
        layout.addLayout(row(self._hint, *self._buttons.values(), stretch=0))
        self._show_enabled()

    @property
    def chosen(self) -> list[str]:
        """Keys of the chosen runs, from top to bottom."""
        places = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        return [self.table.item(place, 0).data(Qt.ItemDataRole.UserRole + 1) for place in places]

    def show_rows(self, rows: Sequence[HistoryRow]) -> None:
        """Show these runs; what was chosen and how the table is sorted stays."""
        chosen = set(self.chosen)
        self._rows = {line.key: line for line in rows}
        self.table.setSortingEnabled(False)
        self.table.setRowCount(len(rows))
        for place, line in enumerate(rows):
            values = (
                (line.when, line.when),
                (line.method, line.method),
                (line.guarantee, line.guarantee),
                (_number(line.epsilon, ".3g"), line.epsilon),
                (_number(line.dice, ".3f"), line.dice),
                (_number(line.leakage, ".4f"), line.leakage),
                (_number(line.gap, "+.3f"), line.gap),
                (_number(line.seconds, ".0f", " s"), line.seconds),
                ("● in use" if line.in_use else "", line.in_use),
            )
            for column, (text, value) in enumerate(values):
                item = _Item(text)
                item.setData(Qt.ItemDataRole.UserRole, value)
                item.setData(Qt.ItemDataRole.UserRole + 1, line.key)
                item.setToolTip(line.tip)
                self.table.setItem(place, column, item)
        self.table.setSortingEnabled(True)
        self.table.clearSelection()
        for place in range(len(rows)):
            if self.table.item(place, 0).data(Qt.ItemDataRole.UserRole + 1) in chosen:
                flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
                self.table.selectionModel().select(self.table.model().index(place, 0), flags)
        self._show_enabled()

    def show_busy(self, busy: bool) -> None:
        """While a job runs nothing else may start."""
        self._busy = busy
        self._show_enabled()

    def set_theme(self, theme: Theme) -> None:
        """Wear the colours of napari's theme."""
        self.setStyleSheet(sheet(theme))

    def sizeHint(self) -> QSize:
        """Low, because it lies below the image."""
        return QSize(900, 190)

    def _request(self, key: str) -> None:
        if self._buttons[key].isEnabled():
            self.requested.emit(key)

    def _show_enabled(self) -> None:
        chosen = [self._rows[key] for key in self.chosen if key in self._rows]
        one = len(chosen) == 1 and not self._busy
        self._buttons["compare_runs"].setEnabled(len(chosen) in (1, 2))
        self._buttons["compose_runs"].setEnabled(len(chosen) == 2 and not self._busy)
        self._buttons["restore_run"].setEnabled(one and not chosen[0].in_use)
        self._buttons["rerun"].setEnabled(one and chosen[0].again)
        if not self._rows:
            self._hint.setText("No runs yet. They appear here as soon as you have unlearned something (step 3).")
        elif len(chosen) > 2:
            self._hint.setText("Choose one run, or two to compare or compose them.")
        elif one and not chosen[0].again:
            self._hint.setText("This run does not say how to repeat it; set it up again in step 3.")
        else:
            self._hint.setText("Click a heading to sort. Choose a second run with Ctrl to compare or compose the two.")


class _Item(QTableWidgetItem):
    """Sorts by its value rather than by its text; what was not measured comes first."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        mine, theirs = (item.data(Qt.ItemDataRole.UserRole) for item in (self, other))
        if mine is None or theirs is None:
            return mine is None and theirs is not None
        return bool(mine < theirs)


def _number(value: float | None, form: str, unit: str = "") -> str:
    return "–" if value is None else f"{value:{form}}{unit}"
