from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt

from napari_unlearn.plugin.style import theme
from napari_unlearn.plugin.views.step_bar import StepBar


@pytest.fixture
def bar(qtbot: Any) -> StepBar:
    made = StepBar()
    qtbot.addWidget(made)
    made.resize(made.sizeHint())
    made.set_theme(theme("dark"))
    return made


def test_a_click_on_a_circle_chooses_its_step(bar: StepBar, qtbot: Any) -> None:
    chosen: list[int] = []
    bar.chosen.connect(chosen.append)
    for step in (3, 0, 2):
        qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.centre(step).toPoint())
    assert chosen == [3, 0, 2]


def test_arrow_keys_choose_the_neighbour_and_stop_at_the_ends(bar: StepBar, qtbot: Any) -> None:
    bar.chosen.connect(bar.show_step)
    for _ in range(5):
        qtbot.keyClick(bar, Qt.Key.Key_Right)
    assert bar.current == 3
    qtbot.keyClick(bar, Qt.Key.Key_Left)
    assert bar.current == 2


def test_the_step_in_hand_and_the_steps_done_look_different(bar: StepBar) -> None:
    first = bar.grab().toImage()
    bar.show_step(1)
    second = bar.grab().toImage()
    bar.show_done([True, False, False, False])
    assert first != second
    assert bar.grab().toImage() != second
