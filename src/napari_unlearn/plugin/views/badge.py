"""The badge of a guarantee."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.texts import BADGES


class Badge(QLabel):
    """A coloured pill that names the kind of guarantee and explains it when the mouse rests on it."""

    def __init__(self, badge: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "badge")
        self.set_badge(badge)

    def set_badge(self, badge: str) -> None:
        """Show one of the four badges, or none."""
        key = badge.lower()
        self.setVisible(key in BADGES)
        if key in BADGES:
            self.setText(BADGES[key].label)
            self.setToolTip(BADGES[key].tip)
            self.setStyleSheet(f"background: {colours.BADGE[key]};")  # the rest is in the style sheet of the dock
