from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QSize
from qtpy.QtGui import QIcon, QImage

from napari_unlearn.plugin import colours
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
