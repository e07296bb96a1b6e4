"""The operators as cards, strongest guarantee first, one of them chosen; one a kind is shown until all are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QButtonGroup, QPushButton, QRadioButton, QVBoxLayout, QWidget

from napari_unlearn.plugin.views.badge import Badge
from napari_unlearn.plugin.views.parts import Card, label, named, row


class Offer(Protocol):
    """What a card shows of an operator."""

    name: str
    title: str
    badge: str
    summary: str
    source: str


class OperatorCards(QWidget):
    """A radio button, a badge and one sentence for each operator."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "operator")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._group = QButtonGroup(self)
        self._first: set[str] = set()  # the first operator of every badge
        self._more = named(QPushButton(), "more_operators")
        self._more.setCheckable(True)
        self._more.toggled.connect(self._show_wanted)
        self._cards: dict[str, _OperatorCard] = {}
        self._group.buttonToggled.connect(self._on_toggled)

    @property
    def current(self) -> str:
        """Name of the chosen operator."""
        return self._group.checkedButton().objectName()

    def set_operators(self, offers: Sequence[Offer]) -> None:
        """Offer these, the first one chosen."""
        badges: set[str] = set()
        for offer in offers:
            if offer.badge not in badges:
                badges.add(offer.badge)
                self._first.add(offer.name)
            card = _OperatorCard(offer)
            self._group.addButton(card.radio)
            self._layout.addWidget(card)
            self._cards[offer.name] = card
        self._layout.addWidget(self._more)
        if offers:
            self._cards[offers[0].name].radio.setChecked(True)
        self._show_wanted()

    def _show_wanted(self) -> None:
        """Show one card a kind and the chosen one, or all."""
        everything = self._more.isChecked()
        for name, card in self._cards.items():
            card.setVisible(everything or name in self._first or card.radio.isChecked())
        self._more.setVisible(len(self._first) < len(self._cards))
        self._more.setText("Fewer" if everything else f"All {len(self._cards)} methods")

    def _on_toggled(self, radio: QRadioButton, checked: bool) -> None:
        card = self._cards[radio.objectName()]
        card.show_chosen(checked)
        if checked:
            self.chosen.emit(radio.objectName())


class _OperatorCard(Card):
    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self.radio = QRadioButton(offer.title)
        self.radio.setObjectName(offer.name)
        self.radio.setStyleSheet("font-weight: 600; background: transparent;")
        self.body.addLayout(row(self.radio, Badge(offer.badge), stretch=0))
        self._summary = label(offer.summary, "hint", wrap=True)
        self._summary.hide()
        self.body.addWidget(self._summary)
        self.setToolTip(f"{offer.summary}\n\n{offer.source}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_chosen(self, chosen: bool) -> None:
        """Only the chosen card explains itself, so that all fit on the page."""
        self.setProperty("chosen", "true" if chosen else "false")
        self.style().unpolish(self)
        self.style().polish(self)
        self._summary.setVisible(chosen)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The whole card is the button."""
        if self.radio.isEnabled():
            self.radio.setChecked(True)
