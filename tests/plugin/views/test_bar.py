from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtGui import QPaintEvent
from qtpy.QtWidgets import QApplication, QProgressBar

from napari_unlearn.plugin.views.bar import Bar


class Counted:
    """Counts how often a bar is drawn."""

    painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted += 1
        super().paintEvent(event)  # type: ignore[misc]


class CountedBar(Counted, Bar):
    pass


class CountedOfQt(Counted, QProgressBar):
    pass


@pytest.mark.parametrize(("kind", "at_once"), [(CountedBar, False), (CountedOfQt, True)])
def test_values_wait_for_the_next_frame_where_qt_itself_draws_each(kind: Any, at_once: bool, qtbot: Any) -> None:
    bar = kind()
    qtbot.addWidget(bar)
    bar.setRange(0, 1000)
    with qtbot.waitExposed(bar):
        bar.show()
    QApplication.processEvents()
    before = bar.painted
    for value in range(100, 1001, 100):
        bar.setValue(value)
    assert (bar.painted > before) == at_once
    QApplication.processEvents()
    assert bar.painted > before
    assert bar.value() == 1000
