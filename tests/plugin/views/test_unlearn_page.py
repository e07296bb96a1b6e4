from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QLineEdit, QSpinBox

from napari_unlearn.jobs.events import Metric, Reference
from napari_unlearn.jobs.trajectory import DICE, LEAKAGE, ORIGINAL
from napari_unlearn.operators.registry import available
from napari_unlearn.plugin.views.unlearn_page import UnlearnPage


@pytest.fixture
def page(qtbot: Any) -> UnlearnPage:
    made = UnlearnPage()
    qtbot.addWidget(made)
    made.set_operators(available())
    return made


def test_what_is_chosen_is_told_as_plain_values(page: UnlearnPage) -> None:
    page.findChild(QLineEdit, "delta").setText(" 1e-6 ")
    page.findChild(QSpinBox, "counterfactual").setValue(3)
    choices = page.choices
    assert choices.operator == available()[0].name
    assert (choices.delta, choices.counterfactual, choices.device) == ("1e-6", 3, "auto")


def test_the_reason_why_it_cannot_start_gives_way_to_progress(page: UnlearnPage) -> None:
    page.show_blocker("Refine at least one case first (step 2).", busy=False)
    assert not page._blocked.isHidden()
    page.show_blocker("A job is running.", busy=True)
    assert page._blocked.isHidden()


def test_the_curve_appears_with_its_first_point(page: UnlearnPage) -> None:
    assert page.curve.isHidden()
    page.add_point(Metric("loss", 0, 1.0))
    assert not page.curve.isHidden()
    assert page.trajectory.isHidden()


def test_dice_and_leakage_have_plots_of_their_own_until_the_next_run(page: UnlearnPage) -> None:
    page.add_reference(Reference(DICE, ORIGINAL, 0.6, 0.5, 0.7, "On these cases."))
    page.add_point(Metric(LEAKAGE, 1, 0.02, 0.01, 0.03))
    assert not page.trajectory.isHidden()
    assert page.curve.isHidden()
    page.clear_curves()
    assert page.trajectory.isHidden()


def test_a_device_that_cannot_be_used_is_grey_and_says_why(page: UnlearnPage) -> None:
    devices = page.findChild(QComboBox, "device")
    places = {devices.itemData(place): place for place in range(devices.count())}
    devices.setCurrentIndex(places["cuda"])
    page.devices.show_unavailable({"cuda": "No card."})
    assert page.choices.device == "auto"
    assert devices.itemData(places["cuda"], Qt.ItemDataRole.ToolTipRole) == "No card."
    assert not devices.model().item(places["cuda"]).isEnabled()
    assert devices.model().item(places["cpu"]).isEnabled()
