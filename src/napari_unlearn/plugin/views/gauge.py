"""A number in large type with a bar that says how much of the whole it is."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_unlearn.plugin.views.bar import Bar
from napari_unlearn.plugin.views.parts import Card, label, row


class Gauge(Card):
    """One live number.

    Parameters
    ----------
    title : str
        What is counted.
    colour : str
        Colour of the bar, the same as of the layer it stands for.
    nothing : str, optional
        Said in place of the title where there is nothing to be a share of.
    parent : QWidget, optional
        Owner.
    """

    def __init__(self, title: str, colour: str, nothing: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._nothing = title, nothing or title
        self._heading = label(title, "hint")
        self._number = label("–", "number")
        self._share = label("", "hint")
        self._bar = Bar()
        self._bar.setRange(0, 1000)
        self._bar.setStyleSheet(f"QProgressBar::chunk {{ background: {colour}; border-radius: 4px; }}")
        self.body.addWidget(self._heading)
        self.body.addLayout(row(self._number, self._share, stretch=1))
        self.body.addWidget(self._bar)

    def show_share(self, part: int, whole: int, unit: str, of: str) -> None:
        """Show `part` of `whole`."""
        share = part / whole if whole else 0.0
        self._heading.setText(self._title if whole else self._nothing)
        self._number.setText(f"{part:,}")
        self._share.setText(f"{unit} · {share:.0%} of {of}")
        self._bar.setValue(round(1000 * share))
