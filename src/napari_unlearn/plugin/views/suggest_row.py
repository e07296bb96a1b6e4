"""The button *Suggest next*, what it should even out, and why it chose the case in hand."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QMenu, QToolButton, QVBoxLayout, QWidget

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import Page, label, named, row


class SuggestRow(QWidget):
    """One button, one menu of columns, one sentence.

    Parameters
    ----------
    page : Page
        Whose requests the button makes.
    """

    columns_wanted = Signal()  # the menu is about to open

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._off: set[str] = set()
        self._known: tuple[str, ...] = ()
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self.columns_wanted)
        self._columns = QToolButton()
        named(self._columns, "suggest_columns")
        self._columns.setText(TEXTS["suggest_columns"].label)
        self._columns.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._columns.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._columns.setMenu(self._menu)
        self._reason = label("", "hint", wrap=True)
        self._reason.setObjectName("suggest_reason")
        self._reason.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row(page.button("suggest_next"), self._columns, stretch=0))
        layout.addWidget(self._reason)

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """Columns to even out; None for all that serve, the default."""
        return tuple(name for name in self._known if name not in self._off) if self._off else None

    def show_columns(self, columns: Sequence[str]) -> None:
        """Offer columns of another table; those that were switched off stay off."""
        self._known = tuple(columns)
        self._off &= set(columns)
        self._menu.clear()
        for name in columns:
            action = self._menu.addAction(name.replace("_", " "))
            action.setCheckable(True)
            action.setChecked(name not in self._off)
            action.toggled.connect(lambda on, name=name: self._switch(name, on))
        if not columns:
            self._menu.addAction("The table has no column with a few kinds").setEnabled(False)

    def show_reason(self, reason: str) -> None:
        """Say why the case in hand was suggested, or nothing."""
        self._reason.setText(f"Suggested: {reason[:1].lower()}{reason[1:]}" if reason else "")
        self._reason.setVisible(bool(reason))

    def _switch(self, name: str, on: bool) -> None:
        self._off = self._off - {name} if on else self._off | {name}
