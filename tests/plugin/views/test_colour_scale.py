from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLabel, QWidget

from napari_unlearn.plugin.views.colour_scale import ColourScale


def test_it_says_where_the_colours_begin_and_end(qtbot: Any) -> None:
    scale = ColourScale()
    qtbot.addWidget(scale)
    scale.show_limits(0.0, 0.0234)
    texts = [label.text() for label in scale.findChildren(QLabel)]
    assert {"0", "0.023"} <= set(texts)
    assert any("nats" in text for text in texts)
    scale.grab()  # lays it out
    image = scale.findChild(QWidget, "leakage_colours").grab().toImage()
    assert len({image.pixel(x, image.height() // 2) for x in range(image.width())}) > 10
