from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QLabel, QPushButton

from napari_unlearn.plugin.views.run_panel import RunPanel, duration


def test_it_is_there_while_a_job_runs_and_says_that_it_is_cancelling(qtbot: Any) -> None:
    panel = RunPanel()
    qtbot.addWidget(panel)
    asked: list[str] = []
    panel.requested.connect(asked.append)
    panel.show_state(True, False)
    panel.show_progress(3, 10, "Fitting", 12.0)
    texts = " ".join(label.text() for label in panel.findChildren(QLabel))
    assert "Fitting" in texts
    assert "3 of 10" in texts
    assert "12 s left" in texts
    cancel = panel.findChild(QPushButton, "cancel")
    cancel.click()
    assert asked == ["cancel"]
    panel.show_state(True, True)
    assert cancel.text() == "Cancelling…"
    panel.show_state(False, False)
    assert panel.isHidden()


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "less than a second"), (1.4, "about 1 s"), (89.0, "about 89 s"), (150.0, "about 2 min")]
)
def test_times_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said
