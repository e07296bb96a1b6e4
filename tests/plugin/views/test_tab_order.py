from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QVBoxLayout,
    QWidget,
)

from napari_unlearn.operators.registry import available
from napari_unlearn.plugin.dock import Dock
from napari_unlearn.plugin.views.tab_order import in_reading_order, read_by_tab

PARTS = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QAbstractItemView, QAbstractSlider)
INSIDE = (QAbstractSpinBox, QComboBox, QAbstractItemView, QLineEdit)  # what they are made of needs no focus of its own
ONLY_LOOKED_AT = {"metrics", "case_metrics"}


def test_tab_follows_rows_and_columns_and_not_the_time_when_a_part_was_made(qtbot: Any) -> None:
    window, inside, scroll = QWidget(), QWidget(), QScrollArea()
    qtbot.addWidget(window)
    last, left, right, first = (QPushButton(name, window) for name in ("last", "left", "right", "first"))
    column = QVBoxLayout(window)
    column.addWidget(first)
    row = QHBoxLayout(inside)
    row.addWidget(left)
    row.addWidget(right)
    scroll.setWidget(inside)
    column.addWidget(scroll)
    column.addWidget(last)
    assert [part for part in in_reading_order(window) if isinstance(part, QPushButton)] == [first, left, right, last]
    read_by_tab(window)
    chain = [first]
    while (following := chain[-1].nextInFocusChain()) is not first:
        chain.append(following)
    assert [part for part in chain if isinstance(part, QPushButton)] == [first, left, right, last]


def test_everything_in_the_dock_is_reached_by_the_keyboard_in_the_order_of_the_page(qtbot: Any) -> None:
    dock = Dock()
    qtbot.addWidget(dock)
    dock.unlearn.set_operators(available())
    dock.show()
    for page in dock.pages:
        order = list(in_reading_order(page))
        parts = [part for part in page.findChildren(QWidget) if isinstance(part, PARTS) and not inner(part)]
        assert len(parts) > 5
        assert [f"{type(part).__name__} {part.objectName()}" for part in parts if part not in order] == []
    by_tab, here = [], dock.steps
    while (here := here.nextInFocusChain()) is not dock.steps:
        by_tab.append(here)
    read = [part for part in in_reading_order(dock) if part is not dock.steps]
    assert [part for part in by_tab if part in read] == read


def inner(part: QWidget) -> bool:
    """Whether it is a part of a part, or shows numbers only."""
    above, parent = [], part.parentWidget()
    while parent is not None:
        above.append(parent)
        parent = parent.parentWidget()
    looked_at = part.objectName() in ONLY_LOOKED_AT or isinstance(part, QScrollBar)
    return looked_at or any(isinstance(each, INSIDE) for each in above)
