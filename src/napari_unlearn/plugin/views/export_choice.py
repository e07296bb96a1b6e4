"""The format in which a model is exported."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox, QSizePolicy, QWidget

from napari_unlearn.export.formats import FORMATS
from napari_unlearn.plugin.views.parts import label, named, row


class ExportChoice(QWidget):
    """A list of formats; first the one that this package itself opens."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formats = QComboBox()
        named(self._formats, "export_format")
        self._formats.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for entry in FORMATS:
            self._formats.addItem(entry.title, entry.name)
        layout = row(label("Export as", "hint"), self._formats, stretch=1)
        layout.setContentsMargins(0, 0, 0, 0)
        self.setLayout(layout)

    @property
    def form(self) -> str:
        """Name of the chosen format."""
        return str(self._formats.currentData())

    def choose(self, name: str) -> None:
        """Choose a format by its name."""
        self._formats.setCurrentIndex(self._formats.findData(name))
