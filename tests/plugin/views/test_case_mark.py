from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QSize
from qtpy.QtGui import QColor, QIcon, QImage, QPainter

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.style import theme
from napari_unlearn.plugin.views.case_mark import SHARP, dot, mark, picture

SIZE = QSize(48, 32)


def drawn(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> QImage:
    return icon.pixmap(SIZE * SHARP, mode).toImage()


def alpha(image: QImage) -> np.ndarray:
    return np.array([[image.pixelColor(x, y).alpha() > 60 for x in range(24)] for y in range(24)])


@pytest.mark.parametrize("status", colours.STATUS)
def test_each_status_has_a_shape_of_its_own(status: str, qtbot: Any) -> None:
    mine = alpha(dot(status).toImage())
    others = [alpha(dot(other).toImage()) for other in colours.STATUS if other != status]
    assert all((mine != other).sum() > 10 for other in others)


def test_a_picture_keeps_its_colours(qtbot: Any) -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[..., 1] = 200
    made = picture(pixels).toImage()
    assert (made.width(), made.height()) == (30, 20)
    assert made.pixelColor(7, 7).getRgb()[:3] == (0, 200, 0)


def test_a_mark_shows_picture_note_and_exclusion_and_is_not_tinted_when_selected(qtbot: Any) -> None:
    small = picture(np.full((40, 40, 3), 200, np.uint8))
    plain = mark("unrefined", small, False, SIZE)
    assert drawn(plain) == drawn(plain, QIcon.Mode.Selected)
    different = [
        mark("unrefined", None, False, SIZE),
        mark("unrefined", small, True, SIZE),
        mark("excluded", small, False, SIZE),
    ]
    assert all(drawn(icon) != drawn(plain) for icon in different)


def luminance(colour: QColor) -> float:
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour.getRgbF()[:3]]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize("status", colours.STATUS)
def test_each_mark_stands_out_from_a_line_whether_it_is_selected_or_not(status: str, name: str, qtbot: Any) -> None:
    worn = theme(name)
    for ground in (worn.accent, worn.surface):
        line = QImage(24, 24, QImage.Format.Format_RGB32)
        line.fill(QColor(ground))
        painter = QPainter(line)
        painter.drawPixmap(0, 0, dot(status))
        painter.end()
        behind = luminance(QColor(ground)) + 0.05
        seen = [luminance(line.pixelColor(x, y)) + 0.05 for x in range(24) for y in range(24)]
        far = [max(value, behind) / min(value, behind) for value in seen]
        assert sum(ratio > 1.9 for ratio in far) > 40
