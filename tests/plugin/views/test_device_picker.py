from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QPushButton

from napari_unlearn.models.device import DeviceReport
from napari_unlearn.plugin.views.device_picker import DevicePicker


@pytest.fixture
def picker(qtbot: Any) -> DevicePicker:
    made = DevicePicker()
    qtbot.addWidget(made)
    qtbot.addWidget(made.found)
    return made


def test_a_device_that_failed_its_test_is_grey_and_says_why_in_words_and_tooltip(picker: DevicePicker) -> None:
    box, found = picker.findChild(QComboBox, "device"), picker.found
    places = {box.itemData(place): place for place in range(box.count())}
    box.setCurrentIndex(places["cuda"])
    assert picker.current == "cuda"
    assert found.isHidden()
    reports = [DeviceReport("cpu", name="8 threads", seconds=0.0312), DeviceReport("cuda", "It fails: a <driver>.")]
    picker.show_reports(reports)
    assert picker.current == "auto"
    assert not box.model().item(places["cuda"]).isEnabled()
    assert box.model().item(places["mps"]).isEnabled()
    assert box.itemData(places["cuda"], Qt.ItemDataRole.ToolTipRole) == "It fails: a <driver>."
    assert "8 threads, 31 ms" in found.text()
    assert "✗ <b>NVIDIA graphics card</b>: It fails: a &lt;driver&gt;." in found.text()
    picker.show_reports([DeviceReport("cuda", name="A card", seconds=0.001, free=3 * 2**30)])
    assert box.model().item(places["cuda"]).isEnabled()
    assert "3.0 GB free" in found.text()


def test_the_button_asks_for_the_test(picker: DevicePicker) -> None:
    asked: list[str] = []
    picker.requested.connect(asked.append)
    QTest.mouseClick(picker.findChild(QPushButton, "try_devices"), Qt.MouseButton.LeftButton)
    assert asked == ["try_devices"]
