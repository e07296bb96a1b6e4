"""The order in which the Tab key goes from part to part: as they are read, whenever each of them was made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLayout, QScrollArea, QWidget


def in_reading_order(widget: QWidget) -> Iterator[QWidget]:
    """Everything in `widget` that takes the keyboard, in the order of its layouts, what is hidden as well."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea):
        yield from in_reading_order(widget.widget())
    elif widget.layout() is not None:
        yield from _in_layout(widget.layout())


def read_by_tab(widget: QWidget) -> None:
    """Let the Tab key follow the reading order of `widget`."""
    for one, following in pairwise(in_reading_order(widget)):
        QWidget.setTabOrder(one, following)


def _in_layout(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        if item.widget() is not None:
            yield from in_reading_order(item.widget())
        elif item.layout() is not None:
            yield from _in_layout(item.layout())
