"""The few dialogs of the system that are needed, in one place so that tests can answer them."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget


def choose_folder(parent: QWidget, title: str, start: Path | None = None) -> Path | None:
    """Ask for a folder; None when the user thinks better of it.

    Parameters
    ----------
    parent : QWidget
        Over which window to ask.
    title : str
        What the folder is for.
    start : Path, optional
        Where to begin.

    Returns
    -------
    Path or None
    """
    chosen = QFileDialog.getExistingDirectory(parent, title, str(start or Path.home()))
    return Path(chosen) if chosen else None


def open_file(path: Path) -> bool:
    """Open a file with the program that the system has for it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        Whether there is one.
    """
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def confirm(parent: QWidget, title: str, question: str) -> bool:
    """Ask a question whose safe answer is no.

    Parameters
    ----------
    parent : QWidget
        Over which window to ask.
    title, question : str
        What is asked.

    Returns
    -------
    bool
        Whether the answer is yes.
    """
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    return QMessageBox.question(parent, title, question, yes | no, no) == yes
