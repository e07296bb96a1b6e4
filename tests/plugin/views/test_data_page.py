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


def test_long_names_push_nothing_off_the_page(qtbot: Any) -> None:
    page = DataPage()
    qtbot.addWidget(page)
    page.show_dataset("Images", Path("/data"), "3 images")
    page.show_model(Path("/runs/a/model"), revised=True)
    narrow = page.minimumSizeHint().width()
    page.show_dataset("images-of-the-year-2030-from-all-sites-" * 3, Path("/data"), "3 images")
    page.show_model(Path("/runs/20300101-120000-residual-certificate-with-a-long-name/model"), revised=True)
    page.scroll.widget().layout().activate()
    assert page.minimumSizeHint().width() == narrow
