from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QPushButton

from napari_unlearn.plugin.dock import Dock
from napari_unlearn.plugin.enabling import Facts, enabled
from napari_unlearn.plugin.style import WIDTH, theme
from napari_unlearn.plugin.texts import STEPS


@pytest.fixture
def bare_dock(qtbot: Any) -> Dock:
    made = Dock()
    qtbot.addWidget(made)
    return made


def test_the_table_of_enabling_reaches_every_page(bare_dock: Dock) -> None:
    bare_dock.apply_enabled(enabled(Facts(dataset=True, case=True)))
    buttons = bare_dock.findChildren(QPushButton, "next_case")
    assert len(buttons) == 3
    assert all(button.isEnabledTo(bare_dock) for button in buttons)
    bare_dock.apply_enabled(enabled(Facts()))
    assert not any(button.isEnabledTo(bare_dock) for button in buttons)


def test_every_step_has_its_page_and_is_told_once(bare_dock: Dock) -> None:
    told: list[int] = []
    bare_dock.step_changed.connect(told.append)
    for step, name in enumerate(STEPS):
        bare_dock.show_step(step)
        bare_dock.show_step(step)
        assert bare_dock.step == name
    assert told == [1, 2, 3]


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_page_fits_the_width_it_is_made_for(bare_dock: Dock, name: str) -> None:
    bare_dock.apply_theme(theme(name))
    assert bare_dock.minimumSizeHint().width() <= WIDTH + 30
