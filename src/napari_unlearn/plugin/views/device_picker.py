"""Where to compute: a choice that says why a device is not offered, and a test of them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Protocol

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.parts import label, named, row

NAMES = {"auto": "Automatic", "cpu": "Processor (CPU)", "cuda": "NVIDIA graphics card", "mps": "Apple graphics"}


class Report(Protocol):
    """What a trial of a device has shown."""

    device: str
    reason: str
    name: str
    seconds: float
    free: int | None


class DevicePicker(QWidget):
    """The choice, the button that tests, and a line for every device that was tested."""

    requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QComboBox()
        named(self._box, "device")
        for device, name in NAMES.items():
            self._box.addItem(name, device)
        test = QPushButton(TEXTS["try_devices"].label)
        named(test, "try_devices")
        test.setProperty("kind", "narrow")
        test.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        test.clicked.connect(lambda: self.requested.emit("try_devices"))
        self.found = label("", "hint", wrap=True, rich=True)  # the page gives it its whole width
        self.found.setObjectName("devices_found")
        self.found.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(self._box, test, stretch=0))

    @property
    def current(self) -> str:
        """Name of the chosen device."""
        return str(self._box.currentData())

    def choose(self, device: str) -> None:
        """Choose a device, or the automatic choice where it is known not to work."""
        place = self._box.findData(device)
        self._box.setCurrentIndex(place if self._box.model().item(place).isEnabled() else 0)

    def show_unavailable(self, reasons: Mapping[str, str]) -> None:
        """Grey out the devices that cannot be used, and say why when the mouse rests on them."""
        entries = self._box.model()
        for place in range(self._box.count()):
            reason = reasons.get(self._box.itemData(place), "")
            self._box.setItemData(place, reason, Qt.ItemDataRole.ToolTipRole)
            entries.item(place).setEnabled(not reason)
            if reason and place == self._box.currentIndex():
                self._box.setCurrentIndex(0)

    def show_reports(self, reports: Sequence[Report]) -> None:
        """Say what the test of each device has shown, and offer those that passed."""
        self.show_unavailable({report.device: report.reason for report in reports if report.reason})
        self.found.setText("<br>".join(_line(report) for report in reports))
        self.found.show()


def _line(report: Report) -> str:
    name = NAMES[report.device]
    if report.reason:
        return f"✗ <b>{name}</b>: {escape(report.reason)}"
    free = "" if report.free is None else f", {report.free / 2**30:.1f} GB free"
    return f"✓ <b>{name}</b>: works, {escape(report.name)}{free}, {1000 * report.seconds:.0f} ms for the test step"
