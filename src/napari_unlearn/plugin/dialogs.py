"""The few dialogs of the system that are needed, in one place so that tests can answer them."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget


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
