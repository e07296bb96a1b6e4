from __future__ import annotations

from collections.abc import Callable

import pytest
from napari.utils.theme import available_themes

from napari_unlearn.plugin.style import sheet, theme

Contrast = Callable[[str, str], float]


@pytest.mark.parametrize("name", available_themes())
def test_text_can_be_read_in_every_theme(name: str, contrast: Contrast) -> None:
    colours = theme(name)
    for ground in (colours.background, colours.surface):
        for ink in (colours.text, colours.muted):
            assert contrast(ink, ground) >= 4.5
    assert contrast(colours.on_accent, colours.accent) >= 4.5
    assert min(contrast(curve, colours.surface) for curve in colours.curves) >= 3
    assert colours.accent in sheet(colours)
