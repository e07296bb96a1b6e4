"""The switch that turns the brush into one for artefacts, what kind it marks, and what is marked already."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from napari_unlearn.plugin.views.parts import Page, label, named, row


class MarkingSection(QWidget):
    """A button, a list of kinds and a line.

    Parameters
    ----------
    page : Page
        Whose request the button makes.
    """

    kind_chosen = Signal()

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._button = page.button("mark_artefacts", checkable=True)
        self._kinds = QComboBox()
        named(self._kinds, "artefact_kind")
        self._line = label("", "hint", wrap=True)
        self._line.setObjectName("marked_line")
        self._line.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row(self._button, self._kinds, stretch=1))
        layout.addWidget(self._line)
        self._kinds.activated.connect(lambda _: self.kind_chosen.emit())

    @property
    def flag(self) -> int:
        """The chosen kind."""
        return int(self._kinds.currentData())

    def show_kinds(self, kinds: Mapping[int, str]) -> None:
        """Offer kinds of artefact."""
        self._kinds.clear()
        for flag, name in kinds.items():
            self._kinds.addItem(name.capitalize(), flag)

    def show_on(self, on: bool) -> None:
        """Mark the switch."""
        self._button.setChecked(on)

    def show_counts(self, text: str) -> None:
        """Say what is marked, "" for nothing."""
        self._line.setText(text)
        self._line.setVisible(bool(text))
