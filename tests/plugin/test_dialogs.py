from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_unlearn.plugin.dialogs import choose_folder


@pytest.mark.parametrize(("answer", "expected"), [("", None), ("somewhere", Path("somewhere"))])
def test_cancelling_the_dialog_is_no_folder(
    answer: str, expected: Path | None, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: answer)
    parent = QWidget()
    qtbot.addWidget(parent)
    assert choose_folder(parent, "Choose") == expected
