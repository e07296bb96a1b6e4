"""Which case is in hand, and the way to its neighbours; the same on every page."""

from __future__ import annotations

from html import escape

from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from napari_unlearn.plugin.views.case_table import dot
from napari_unlearn.plugin.views.parts import Page, label


class CaseStrip(QWidget):
    """Previous, name and state of the case, next, next unrefined.

    Parameters
    ----------
    page : Page
        Whose requests the buttons make.
    with_unrefined : bool
        Whether to offer the jump to the next unrefined case.
    """

    def __init__(self, page: Page, *, with_unrefined: bool = True) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        self._dot = QLabel()
        self._name = label("No case yet", "hint", rich=True)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        before, after = page.button("previous_case"), page.button("next_case")
        for button in (before, after):
            button.setFixedWidth(28)
            button.setProperty("kind", "narrow")
        layout.addWidget(before)
        layout.addWidget(after)
        layout.addWidget(self._dot)
        layout.addWidget(self._name, 1)
        if with_unrefined:
            layout.addWidget(page.button("next_unrefined", "narrow"))

    def show_case(self, case_id: str, diagnosis: str, status: str, remark: str = "") -> None:
        """Name the case in hand; its tooltips tell the rest."""
        status_and_more = ", ".join(filter(None, (status, remark)))
        pixmap = dot(status)
        pixmap.setDevicePixelRatio(2)
        self._dot.setPixmap(pixmap)
        self._dot.setToolTip(status_and_more.capitalize())
        self._name.setProperty("kind", "")
        self._name.setText(f"<b>{escape(case_id)}</b>" + (f" · {escape(diagnosis)}" if diagnosis else ""))
        self._name.setToolTip(f"{case_id}: {status_and_more}")
