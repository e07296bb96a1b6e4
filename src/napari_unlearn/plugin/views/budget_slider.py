"""A slider for the privacy budget, on a logarithmic scale and in step with the field beside it."""

from __future__ import annotations

import math

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QDoubleSpinBox, QSlider, QWidget

from napari_unlearn.plugin.views.parts import named

PER_DECADE = 50  # places from one power of ten to the next


class BudgetSlider(QSlider):
    """Follows a field and moves it.

    Parameters
    ----------
    field : QDoubleSpinBox
        Its range is that of the slider; above 0.
    parent : QWidget, optional
        Owner.
    """

    def __init__(self, field: QDoubleSpinBox, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        named(self, "epsilon_slider")
        self._field = field
        self._low = math.log10(field.minimum())
        self.setRange(0, round(PER_DECADE * (math.log10(field.maximum()) - self._low)))
        self.setPageStep(PER_DECADE)
        self.setTickInterval(PER_DECADE)
        self.setTickPosition(QSlider.TickPosition.TicksBelow)
        self._follow(field.value())
        field.valueChanged.connect(self._follow)
        self.valueChanged.connect(self._lead)

    def _follow(self, value: float) -> None:
        with QSignalBlocker(self):  # or rounding to a place would change what was typed
            self.setValue(round(PER_DECADE * (math.log10(value) - self._low)))

    def _lead(self, place: int) -> None:
        self._field.setValue(float(f"{10 ** (self._low + place / PER_DECADE):.2g}"))
