"""The whole dock as one view: steps on top, a page for each, messages below. It knows no document and no layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qtpy.QtCore import QEvent, QMimeData, QSize, Qt, Signal
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from napari_unlearn.plugin.shortcuts import SHARED, TABLES, Table
from napari_unlearn.plugin.style import WIDTH, Theme, sheet
from napari_unlearn.plugin.texts import STEPS, TEXTS
from napari_unlearn.plugin.views.compare_page import ComparePage
from napari_unlearn.plugin.views.data_page import DataPage
from napari_unlearn.plugin.views.help_overlay import HelpOverlay
from napari_unlearn.plugin.views.message_bar import MessageBar
from napari_unlearn.plugin.views.parts import Page, named, tip_of
from napari_unlearn.plugin.views.refine_page import RefinePage
from napari_unlearn.plugin.views.run_panel import RunPanel
from napari_unlearn.plugin.views.step_bar import StepBar
from napari_unlearn.plugin.views.tab_order import read_by_tab
from napari_unlearn.plugin.views.unlearn_page import UnlearnPage


class Dock(QWidget):
    """Composition of the pages.

    Parameters
    ----------
    parent : QWidget, optional
        Owner.
    """

    requested = Signal(str)  # key of an action
    step_changed = Signal(int)
    dropped = Signal(object)  # Path
    shown = Signal()
    hidden = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("unlearn_dock")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)  # else only napari's sheet would fill the margins
        self.setAcceptDrops(True)
        self.steps = StepBar()
        self.data, self.refine, self.unlearn, self.compare = DataPage(), RefinePage(), UnlearnPage(), ComparePage()
        self.messages = MessageBar()
        self.run = RunPanel()
        self.run.requested.connect(self.requested)
        self._pages = QStackedWidget()
        for page in self.pages:
            self._pages.addWidget(page)
            page.requested.connect(self.requested)
        self.steps.chosen.connect(self.show_step)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        self._help_button = QPushButton(TEXTS["show_help"].label)
        named(self._help_button, "show_help")
        self._help_button.setProperty("kind", "narrow")
        self._help_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._help_button.clicked.connect(lambda: self.requested.emit("show_help"))
        self.help = HelpOverlay(self)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 8, 0)
        top.addWidget(self.steps, 1)
        beside = QVBoxLayout()
        beside.setContentsMargins(0, 5, 0, 0)  # level with the circles
        beside.addWidget(self._help_button)
        beside.addStretch(1)
        top.addLayout(beside)
        layout.addLayout(top)
        layout.addWidget(self._pages, 1)
        below = QVBoxLayout()
        below.setContentsMargins(12, 0, 12, 8)
        below.setSpacing(6)
        below.addWidget(self.run)
        below.addWidget(self.messages)
        layout.addLayout(below)
        self._named: dict[str, list[QWidget]] = {}
        for widget in self.findChildren(QWidget):
            self._named.setdefault(widget.objectName(), []).append(widget)

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages, in the order of the steps."""
        return self.data, self.refine, self.unlearn, self.compare

    @property
    def step(self) -> str:
        """Name of the step that is shown."""
        return STEPS[self._pages.currentIndex()]

    def show_step(self, step: int) -> None:
        """Turn to a page."""
        if step != self._pages.currentIndex():
            self._pages.setCurrentIndex(step)
            self.steps.show_step(step)
            self.step_changed.emit(step)

    def apply_theme(self, theme: Theme) -> None:
        """Wear the colours of napari's theme."""
        self.setStyleSheet(sheet(theme))
        self.steps.set_theme(theme)
        self.unlearn.curve.set_theme(theme)
        self.unlearn.trajectory.set_theme(theme)
        self.unlearn.plan.set_theme(theme)

    def show_keys(self, table: Table) -> None:
        """Say on the tooltips and in the list of keys what each key of one of the tables does."""
        for key in {action for keys in TABLES.values() for action, _ in keys.values()} | set(SHARED):
            for widget in self._named.get(key, ()):
                widget.setToolTip(tip_of(key, table))
        self.help.show_keys(table)

    def apply_enabled(self, enabled: Mapping[str, bool]) -> None:
        """Enable exactly what the table of enabling says."""
        for key, value in enabled.items():
            for widget in self._named.get(key, ()):
                widget.setEnabled(value)

    def sizeHint(self) -> QSize:
        """Wide enough for every page."""
        return QSize(WIDTH + 20, 760).expandedTo(self.minimumSizeHint())

    def minimumSizeHint(self) -> QSize:
        """Wide enough for every page, also in large letters."""
        return super().minimumSizeHint().expandedTo(QSize(WIDTH, 0))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take one file or folder of this computer, nothing else."""
        if _path_in(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell what was dropped."""
        path = _path_in(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.dropped.emit(path)

    def showEvent(self, event: QEvent) -> None:
        """Tell that the dock is open."""
        super().showEvent(event)
        read_by_tab(self)  # cards of operators, for one, are made after what stands below them
        self.shown.emit()

    def hideEvent(self, event: QEvent) -> None:
        """Tell that the dock is closed or covered."""
        super().hideEvent(event)
        self.hidden.emit()


def _path_in(data: QMimeData) -> Path | None:
    urls = data.urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
