"""Small parts that every page is made of: buttons, titles, cards, all labelled from the table of texts."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QResizeEvent, QShowEvent
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from napari_unlearn.plugin.shortcuts import SHORTCUTS, Table, key_of
from napari_unlearn.plugin.texts import INTRO, TEXTS


def named(widget: QWidget, key: str) -> QWidget:
    """Give `widget` the object name and the tooltip of `key`, with its shortcut."""
    widget.setObjectName(key)
    widget.setToolTip(tip_of(key))
    widget.setAccessibleName(TEXTS[key].label.strip("‹›✕…") or TEXTS[key].tip)
    return widget


def tip_of(key: str, table: Table = SHORTCUTS) -> str:
    """Tooltip of `key`, with its shortcut as one of the tables of keys has it."""
    written = key_of(key, table)
    return f"{TEXTS[key].tip} ({written})" if written else TEXTS[key].tip


def label(text: str = "", kind: str = "", *, wrap: bool = False, rich: bool = False) -> QLabel:
    """Text of one of the kinds that the style sheet knows: title, section, hint, number.

    Only a `rich` one is formatted by tags in the text; whatever it quotes from files must be escaped.
    """
    made = QLabel(text)
    # Left to itself, Qt would guess from the text, and names from a file could load a picture.
    made.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
    made.setProperty("kind", kind)
    made.setWordWrap(wrap)
    if wrap:
        policy = made.sizePolicy()  # wrapping has set that height follows width; that must stay
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        made.setSizePolicy(policy)
    return made


class Line(QWidget):
    """One line of text that changes often: unlike a label in a layout, it never makes the window lay itself out anew.

    Parameters
    ----------
    kind : str, optional
        As for `label`.
    """

    def __init__(self, kind: str = "") -> None:
        super().__init__()
        self._label = label("", kind)
        self._label.setParent(self)
        self._fit()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_text(self, text: str) -> None:
        """Show other words."""
        if text != self._label.text():
            self._label.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the text the whole place."""
        super().resizeEvent(event)
        self._label.setGeometry(self.rect())

    def showEvent(self, event: QShowEvent) -> None:
        """Make room for the letters of the style sheet, which are known from here on only."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._label.ensurePolished()
        self.setFixedHeight(max(self._label.fontMetrics().height() + 2, self._label.sizeHint().height()))


def row(*widgets: QWidget, stretch: int | None = None) -> QHBoxLayout:
    """Widgets side by side; the one at place `stretch` takes the free space."""
    layout = QHBoxLayout()
    layout.setSpacing(6)
    for place, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if place == stretch else 0)
    return layout


class Card(QFrame):
    """A framed group of things that belong together."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(10, 8, 10, 8)
        self.body.setSpacing(5)


class Page(QWidget):
    """One step: a title, what to do, a body that scrolls when the window is low, and a foot that is always in sight."""

    requested = Signal(str)

    def __init__(self, step: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scroll = QScrollArea()
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setObjectName("unlearn_page")
        self.body = QVBoxLayout(inside)
        self.body.setContentsMargins(12, 8, 12, 10)
        self.body.setSpacing(8)
        self.body.addWidget(label(title, "title"))
        self.body.addWidget(label(INTRO[step], "hint", wrap=True))
        self.scroll.setWidget(inside)
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(12, 4, 12, 6)
        self.foot.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.scroll, 1)
        layout.addLayout(self.foot)

    def minimumSizeHint(self) -> QSize:
        """Never narrower than what is inside, because the page scrolls only up and down."""
        inside = self.scroll.widget().minimumSizeHint().width() + self.scroll.verticalScrollBar().sizeHint().width()
        foot = self.foot.minimumSize()
        return QSize(max(inside, foot.width()), 200 + foot.height())

    def section(self, text: str) -> QLabel:
        """Add a small heading."""
        made = label(text.upper(), "section")
        self.body.addSpacing(4)
        self.body.addWidget(made)
        return made

    def button(self, key: str, kind: str = "", *, checkable: bool = False) -> QPushButton:
        """Make a button that requests the action `key`; where it goes is up to the page."""
        made = QPushButton(TEXTS[key].label)
        named(made, key)
        made.setProperty("kind", kind)
        made.setCheckable(checkable)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click must not take the keyboard from the canvas
        made.clicked.connect(lambda: self.requested.emit(key))
        return made
