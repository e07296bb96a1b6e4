from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QLabel, QProgressBar, QPushButton

from napari_unlearn.plugin.style import WIDTH
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


def test_what_was_asked_of_the_job_stays_on_show_while_its_step_ends(qtbot: Any) -> None:
    panel = RunPanel()
    qtbot.addWidget(panel)
    bar = panel.findChild(QProgressBar)

    def texts() -> str:
        return " ".join(label.text() for label in panel.findChildren(QLabel))

    panel.show_state(True, False)
    panel.show_state(True, False, paused=True)
    assert panel.findChild(QPushButton, "pause").text() == "Resume"
    panel.show_progress(0, 0, "Fitting", None)
    assert "Paused" in texts()
    assert "Fitting" not in texts()
    assert bar.maximum() == 1  # it must not move as if something went on
    panel.show_state(True, False)
    assert "Fitting" in texts()
    assert bar.maximum() == 0
    panel.show_state(True, False, stopping=True)
    assert panel.findChild(QPushButton, "stop").text() == "Stopping…"
    assert "last good state" in texts()


def test_only_jobs_that_know_a_best_offer_to_keep_it(qtbot: Any) -> None:
    panel = RunPanel()
    qtbot.addWidget(panel)
    stop = panel.findChild(QPushButton, "stop")
    panel.show_stoppable(False)
    assert stop.isHidden()
    panel.show_stoppable(True)
    assert not stop.isHidden()
    assert panel.minimumSizeHint().width() <= WIDTH - 24


@pytest.mark.parametrize("asked", [(True, False, False), (False, True, False), (False, False, True)])
def test_what_was_asked_fits_into_the_width_of_the_dock(asked: tuple[bool, bool, bool], qtbot: Any) -> None:
    panel = RunPanel()
    qtbot.addWidget(panel)
    panel.show_state(True, *asked)
    panel.resize(WIDTH - 24, panel.sizeHint().height())
    panel.show()
    for text in panel.findChildren(QLabel):
        assert text.fontMetrics().horizontalAdvance(text.text()) <= text.width()
