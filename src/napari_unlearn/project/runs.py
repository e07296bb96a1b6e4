"""Where the runs of a data set live: DATASET/unlearn-runs/<time>-<operator>, one folder each, never overwritten."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

FOLDER_NAME = "unlearn-runs"


def runs_folder(dataset: Path) -> Path:
    """Folder that holds every run of the data set at `dataset`, and the session file."""
    return dataset / FOLDER_NAME


def new_run(dataset: Path, operator: str, now: datetime | None = None) -> Path:
    """Name a folder for a run that starts now; nothing is created.

    Parameters
    ----------
    dataset : Path
        Data set folder.
    operator : str
        Name of the operator, as it stands in the registry.
    now : datetime, optional
        Local time of the start; the clock's by default.

    Returns
    -------
    Path
        A folder that does not exist yet.
    """
    stamp = (now or datetime.now()).strftime("%Y%m%d-%H%M%S")
    first = runs_folder(dataset) / f"{stamp}-{operator}"
    folder, attempt = first, 2
    while folder.exists():
        folder, attempt = first.with_name(f"{first.name}-{attempt}"), attempt + 1
    return folder
