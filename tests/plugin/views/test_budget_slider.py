from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QDoubleSpinBox

from napari_unlearn.plugin.views.budget_slider import PER_DECADE, BudgetSlider


@pytest.fixture
def field(qtbot: Any) -> QDoubleSpinBox:
    made = QDoubleSpinBox()
    made.setRange(0.01, 100)
    made.setDecimals(2)
    made.setValue(1)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def slider(field: QDoubleSpinBox, qtbot: Any) -> BudgetSlider:
    made = BudgetSlider(field)
    qtbot.addWidget(made)
    return made


def test_it_spans_the_field_ten_times_a_mark(field: QDoubleSpinBox, slider: BudgetSlider) -> None:
    assert (slider.minimum(), slider.maximum()) == (0, 4 * PER_DECADE)
    assert slider.value() == 2 * PER_DECADE
    for place, value in enumerate((0.01, 0.1, 1, 10, 100)):
        slider.setValue(place * PER_DECADE)
        assert field.value() == value


def test_it_follows_the_field_without_changing_what_was_typed(field: QDoubleSpinBox, slider: BudgetSlider) -> None:
    field.setValue(3.33)
    assert field.value() == 3.33
    assert slider.value() == round(PER_DECADE * 2.5224)
    field.setValue(0.01)
    assert slider.value() == 0


def test_what_it_chooses_is_a_round_number(field: QDoubleSpinBox, slider: BudgetSlider) -> None:
    slider.setValue(2 * PER_DECADE + 13)
    assert field.value() == 1.8
