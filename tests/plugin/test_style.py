from __future__ import annotations

from typing import Any

import pytest
from napari.utils.theme import available_themes
from qtpy.QtGui import QColor

from napari_unlearn.plugin.style import sheet, theme


@pytest.mark.parametrize("name", available_themes())
def test_text_can_be_read_in_every_theme(name: str, qtbot: Any) -> None:
    colours = theme(name)
    for ground in (colours.background, colours.surface):
        for ink in (colours.text, colours.muted):
            assert contrast(ink, ground) >= 4.5
    assert colours.accent in sheet(colours)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(name: str) -> float:
    colour = QColor(name)
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
