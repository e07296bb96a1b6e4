from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QLabel, QPushButton

from napari_unlearn.plugin.views.data_page import DataPage


def test_before_anything_is_open_only_opening_is_offered(qtbot: Any) -> None:
    page = DataPage()
    qtbot.addWidget(page)
    assert page.cases.isHidden()
    page.show_dataset("Clinic", Path("clinic"), "3 images")
    assert not page.cases.isHidden()
    assert any("Clinic" in label.text() for label in page.findChildren(QLabel))


def test_training_is_offered_only_where_there_is_no_model(qtbot: Any) -> None:
    page = DataPage()
    qtbot.addWidget(page)
    train = page.findChild(QPushButton, "train_model")
    page.show_model(None, False)
    assert not train.isHidden()
    page.show_model(Path("runs") / "exact" / "model", True)
    assert train.isHidden()
    assert any("exact (revised)" in label.text() for label in page.findChildren(QLabel))
