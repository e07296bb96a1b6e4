from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QLabel, QProgressBar

from napari_unlearn.plugin.views.gauge import Gauge


@pytest.mark.parametrize(("part", "whole", "share", "bar"), [(1234, 4936, "25%", 250), (0, 0, "0%", 0)])
def test_the_number_its_share_and_its_bar_agree(part: int, whole: int, share: str, bar: int, qtbot: Any) -> None:
    gauge = Gauge("Dilation artefacts", "#ff0000")
    qtbot.addWidget(gauge)
    gauge.show_share(part, whole, "pixels", "the coarse mask")
    texts = " ".join(label.text() for label in gauge.findChildren(QLabel))
    assert f"{part:,}" in texts
    assert share in texts
    assert gauge.findChild(QProgressBar).value() == bar


def test_where_there_is_nothing_to_be_a_share_of_it_says_so_until_there_is(qtbot: Any) -> None:
    gauge = Gauge("Dilation artefacts", "#ff0000", "No lesion")
    qtbot.addWidget(gauge)
    for whole, said in ((0, "No lesion"), (10, "Dilation artefacts")):
        gauge.show_share(0, whole, "pixels", "the coarse mask")
        assert said in [label.text() for label in gauge.findChildren(QLabel)]
