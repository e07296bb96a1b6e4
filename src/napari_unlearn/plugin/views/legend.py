"""What the colours in the picture mean."""

from __future__ import annotations

from qtpy.QtWidgets import QGridLayout, QWidget

from napari_unlearn.plugin.views.parts import label


class Legend(QWidget):
    """Coloured squares with names, two in a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(2, 0, 2, 0)
        self._layout.setHorizontalSpacing(6)
        self._layout.setVerticalSpacing(3)
        self._layout.setColumnStretch(1, 1)
        self._layout.setColumnStretch(3, 1)

    def show_entries(self, entries: dict[str, str]) -> None:
        """Show names with their colours; outlines are marked by a leading ``○``."""
        while self._layout.count():
            self._layout.takeAt(0).widget().deleteLater()
        for place, (name, colour) in enumerate(entries.items()):
            swatch = QWidget()
            swatch.setFixedSize(14, 14)
            outlined = name.startswith("○")
            fill = "transparent" if outlined else colour
            swatch.setStyleSheet(f"background: {fill}; border: 2px solid {colour}; border-radius: 3px;")
            self._layout.addWidget(swatch, place // 2, 2 * (place % 2))
            self._layout.addWidget(label(name.lstrip("○"), "hint"), place // 2, 2 * (place % 2) + 1)
