"""The button *Suggest next*, what it should even out, how far it has looked, and why it chose the case in hand."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from napari_unlearn.data.suggestion import SURROUNDINGS
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import Line, Page, label, named, row
from napari_unlearn.plugin.views.run_panel import duration

_NO_MODEL = "Choose or train a model first (step 1); it is what looks at the images."


class SuggestRow(QWidget):
    """One button, one menu of columns, one line of progress that can be cancelled, one sentence.

    Parameters
    ----------
    page : Page
        Whose requests the buttons make.
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
        self._doing, self._looked = Line(), Line("hint")
        self._looking = QWidget()
        lines = QVBoxLayout()
        lines.setSpacing(0)
        lines.addWidget(self._doing)
        lines.addWidget(self._looked)
        looking = QHBoxLayout(self._looking)
        looking.setContentsMargins(0, 0, 0, 0)
        looking.addLayout(lines, 1)
        looking.addWidget(page.button("suggest_cancel", "narrow"))
        self._looking.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row(page.button("suggest_next"), self._columns, stretch=0))
        layout.addWidget(self._looking)
        layout.addWidget(self._reason)

    @property
    def chosen(self) -> tuple[str, ...] | None:
        """Columns to even out; None for all that serve, the default."""
        return tuple(name for name in self._known if name not in self._off) if self._off and self._known else None

    @property
    def surroundings(self) -> bool:
        """Whether what surrounds the lesions is to be evened out, where there is a model to look at it."""
        return SURROUNDINGS not in self._off

    def show_columns(self, columns: Sequence[str], model: bool = False) -> None:
        """Offer columns of another table, and what surrounds the lesions; those that were switched off stay off."""
        self._known = (*columns, SURROUNDINGS) if model else tuple(columns)
        self._off &= {*columns, SURROUNDINGS}
        self._menu.clear()
        for name in columns:
            self._add(name, name.replace("_", " "), "", True)
        if not columns:
            self._menu.addAction("The table has no column with a few kinds").setEnabled(False)
        self._menu.addSeparator()
        around, only = TEXTS["suggest_surroundings"], TEXTS["suggest_only_surroundings"]
        if model and columns:
            action = self._menu.addAction(only.label)
            action.setToolTip(only.tip)
            action.triggered.connect(self._leave_columns)
        self._add(SURROUNDINGS, around.label, around.tip if model else _NO_MODEL, model)

    def leave_surroundings(self) -> None:
        """Switch off what surrounds the lesions."""
        self._switch(SURROUNDINGS, False)

    def show_looking(self, looking: bool) -> None:
        """Appear while images are looked at."""
        self._doing.set_text("Loading the model…")
        self._looked.set_text("")
        self._looking.setVisible(looking)

    def show_progress(self, done: int, total: int, message: str, remaining: float | None) -> None:
        """Say how many images have been looked at."""
        self._doing.set_text(f"{message}…")
        left = "" if remaining is None else f" · {duration(remaining)} left"
        self._looked.set_text(f"{done} of {total}{left}" if total else "")

    def show_reason(self, reason: str) -> None:
        """Say why the case in hand was suggested, or nothing."""
        self._reason.setText(f"Suggested: {reason[:1].lower()}{reason[1:]}" if reason else "")
        self._reason.setVisible(bool(reason))

    def _leave_columns(self) -> None:
        self._off = {name for name in self._known if name != SURROUNDINGS}

    def _add(self, name: str, title: str, tip: str, enabled: bool) -> None:
        action = self._menu.addAction(title)
        action.setToolTip(tip or title)
        action.setCheckable(True)
        action.setChecked(enabled and name not in self._off)
        action.setEnabled(enabled)
        action.toggled.connect(lambda on, name=name: self._switch(name, on))

    def _switch(self, name: str, on: bool) -> None:
        self._off = self._off - {name} if on else self._off | {name}
