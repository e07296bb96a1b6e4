"""What colour, shape and rim of a point on the map of cases mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.views.parts import label

SIDE = 18  # pixels
PLAIN = "#00000000"


class MapLegend(QWidget):
    """Three groups of signs with their names, two in a row; hidden until there is a map."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("map_legend")
        self._groups = QWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(3)
        layout.addWidget(label("MAP OF CASES", "section"))
        layout.addWidget(label("Cases that look alike to a model lie close together.", "hint", wrap=True))
        layout.addWidget(self._groups)
        self.hide()

    def show_entries(self, diagnoses: Mapping[str, str], artefacts: Mapping[str, str]) -> None:
        """Explain a map.

        Parameters
        ----------
        diagnoses : mapping of str to str
            Colour of each diagnosis.
        artefacts : mapping of str to str
            Symbol of each kind of artefact, by its name in napari.
        """
        groups = QWidget()
        layout = QGridLayout(groups)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(6)
        layout.setVerticalSpacing(3)
        layout.setColumnStretch(1, 1)
        layout.setColumnStretch(3, 1)
        _group(layout, "Colour: diagnosis", [(Sign("disc", fill), name) for name, fill in diagnoses.items()])
        _group(layout, "Shape: artefact in the image", [(Sign(kind, PLAIN), name) for name, kind in artefacts.items()])
        rims = (("Some or all forgotten", True), ("None forgotten", False))
        _group(layout, "Rim: labels of the case", [(Sign("disc", PLAIN, lost), name) for name, lost in rims])
        self.layout().replaceWidget(self._groups, groups)
        self._groups.hide()
        self._groups.deleteLater()
        self._groups = groups
        self.show()


class Sign(QWidget):
    """A point as the map draws it.

    Parameters
    ----------
    symbol : str
        A name of `SHAPES`.
    fill : str
        Its colour.
    forgotten : bool
        Whether the rim says that labels of the case are forgotten.
    """

    def __init__(self, symbol: str, fill: str, forgotten: bool = False) -> None:
        super().__init__()
        self.symbol, self.fill = symbol, fill
        self.rim = colours.RIM_FORGOTTEN if forgotten else colours.RIM
        self._width = 3.0 if forgotten else 1.5
        self.setFixedSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(self.rim), self._width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)  # PyQt and PySide have different names for it as an argument
        painter.setPen(pen)
        painter.setBrush(QBrush(QColor(self.fill)))
        middle, radius = QPointF(SIDE / 2, SIDE / 2), SIDE / 2 - 2.5
        outline = SHAPES[self.symbol]
        if outline is None:
            painter.drawEllipse(middle, radius, radius)
        else:
            painter.drawPolygon(QPolygonF([middle + radius * point for point in outline()]))
        painter.end()


def _corners(count: int, turn: float, *radii: float) -> Callable[[], list[QPointF]]:
    def made() -> list[QPointF]:
        angles = [turn + 2 * math.pi * k / count for k in range(count)]
        return [
            QPointF(radii[k % len(radii)] * math.sin(angle), -radii[k % len(radii)] * math.cos(angle))
            for k, angle in enumerate(angles)
        ]

    return made


def _cross() -> list[QPointF]:
    places = (
        (-1, -3),
        (1, -3),
        (1, -1),
        (3, -1),
        (3, 1),
        (1, 1),
        (1, 3),
        (-1, 3),
        (-1, 1),
        (-3, 1),
        (-3, -1),
        (-1, -1),
    )
    return [QPointF(x / 3, y / 3) for x, y in places]


SHAPES: Mapping[str, Callable[[], list[QPointF]] | None] = {
    "disc": None,
    "square": _corners(4, math.pi / 4, 1.25),
    "triangle_up": _corners(3, 0, 1.15),
    "diamond": _corners(4, 0, 1.1),
    "cross": _cross,
    "star": _corners(10, 0, 1.2, 0.5),
}


def _group(layout: QGridLayout, title: str, signs: list[tuple[Sign, str]]) -> None:
    first = layout.rowCount()
    layout.addWidget(label(title, "hint", wrap=True), first, 0, 1, 4)
    for place, (sign, name) in enumerate(signs):
        line, column = first + 1 + place // 2, 2 * (place % 2)
        layout.addWidget(sign, line, column)
        layout.addWidget(label(_sentence(name)), line, column + 1)


def _sentence(name: str) -> str:
    return (name[:1].upper() + name[1:]).replace("_", " ")
