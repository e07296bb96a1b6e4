from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

from napari_unlearn.plugin.dialogs import choose_folder, confirm, open_file


@pytest.mark.parametrize(("answer", "expected"), [("", None), ("somewhere", Path("somewhere"))])
def test_cancelling_the_dialog_is_no_folder(
    answer: str, expected: Path | None, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: answer)
    parent = QWidget()
    qtbot.addWidget(parent)
    assert choose_folder(parent, "Choose") == expected


@pytest.mark.parametrize("answer", [QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No])
def test_only_yes_is_yes(answer: QMessageBox.StandardButton, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults: list[object] = []

    def question(*arguments: object) -> QMessageBox.StandardButton:
        defaults.append(arguments[-1])
        return answer

    monkeypatch.setattr(QMessageBox, "question", question)
    assert confirm(None, "Unlearn", "Sure?") is (answer == QMessageBox.StandardButton.Yes)  # type: ignore[arg-type]
    assert defaults == [QMessageBox.StandardButton.No]


def test_a_file_is_opened_by_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    assert open_file(tmp_path / "a b.html")
    assert opened == [str(tmp_path / "a b.html")]
