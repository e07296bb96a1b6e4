"""Help with the mask: what to propose, what to do to the outline, and to accept or reject what is proposed."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import Card, Page, label, named, row

CHANGES = ("grow", "shrink", "smooth", "fill_holes")


class ProposalSection(QWidget):
    """A list of methods with a button, four changes of the outline, and a card while something is proposed.

    Parameters
    ----------
    page : Page
        Whose requests the buttons make.
    """

    nesting_changed = Signal(bool)  # whether the fine mask has to stay inside the coarse one

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._methods = QComboBox()
        named(self._methods, "proposal_method")
        self._methods.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._methods.currentIndexChanged.connect(self._show_tip)
        self._radius = QSpinBox()
        named(self._radius, "outline_radius")
        self._radius.setRange(1, 99)
        self._radius.setValue(3)
        self._radius.setSuffix(" px")
        self._card = Card()
        self._card.setProperty("chosen", True)
        self._line = label("", "", wrap=True)
        self._card.body.addWidget(self._line)
        answers = row(page.button("accept_proposal", "primary"), page.button("reject_proposal"), stretch=0)
        self._card.body.addLayout(answers)
        self._inside = QCheckBox(TEXTS["stay_inside"].label)
        named(self._inside, "stay_inside")
        self._inside.setChecked(True)
        self._inside.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._inside.toggled.connect(self.nesting_changed)
        self._outside = label("", "hint")
        self._outside.setObjectName("outside_count")
        self._trim = page.button("trim_outside", "narrow")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        self._propose = page.button("propose")
        layout.addLayout(row(self._methods, self._propose, stretch=0))
        layout.addLayout(row(*(page.button(key, "narrow") for key in CHANGES), self._radius, stretch=0))
        layout.addWidget(self._card)
        layout.addLayout(row(self._inside, self._outside, self._trim, stretch=1))
        self._card.hide()
        self.show_outside(0)

    @property
    def method(self) -> str:
        """Name of the chosen method."""
        return str(self._methods.currentData())

    @property
    def radius(self) -> int:
        """How far the outline moves, in pixels of the image."""
        return self._radius.value()

    def show_methods(self, methods: Sequence[tuple[str, str, str]]) -> None:
        """Offer methods, each with name, title and what was measured about it."""
        self._methods.clear()
        for name, title, tip in methods:
            self._methods.addItem(title, name)
            self._methods.setItemData(self._methods.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._show_tip()

    def show_proposal(self, text: str) -> None:
        """Say what is proposed, "" for nothing."""
        self._line.setText(text)
        self._card.setVisible(bool(text))

    def show_busy(self, busy: bool) -> None:
        """Say that a proposal is being made."""
        self._propose.setText("Looking…" if busy else TEXTS["propose"].label)

    def show_outside(self, pixels: int) -> None:
        """Say how many pixels of the fine mask lie outside the coarse one."""
        self._outside.setText(f"{pixels:,} px outside" if pixels else "")
        self._trim.setVisible(pixels > 0)

    def show_inside(self, inside: bool) -> None:
        """Show whether the fine mask has to stay inside."""
        blocked = self._inside.blockSignals(True)
        self._inside.setChecked(inside)
        self._inside.blockSignals(blocked)

    def _show_tip(self) -> None:
        tip = self._methods.currentData(Qt.ItemDataRole.ToolTipRole) or ""
        self._methods.setToolTip(f"{TEXTS['proposal_method'].tip}\n{tip}")
