"""What an empty dock says: how to begin, and the way from there."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from napari_unlearn.plugin.texts import INTRO, STEPS
from napari_unlearn.plugin.views.parts import Card, label

BEGIN = "You can also drop a folder of images here."
SAMPLE = (
    "New here? The sample has a model that has learnt a shortcut on purpose: rulers and ink go together with "
    "malignant lesions. Open it to see the whole way in a few minutes."
)


class FirstSteps(QWidget):
    """Two hints, and the four steps with what is done in each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(label(BEGIN, "hint", wrap=True))
        card = Card()
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        for place, step in enumerate(STEPS):
            number = label(str(place + 1), "key")
            number.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(number, place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(f"<b>{step}</b><br>{INTRO[step]}", wrap=True, rich=True), place, 1)
        card.body.addLayout(grid)
        layout.addWidget(card)
        layout.addWidget(label(SAMPLE, "hint", wrap=True))
