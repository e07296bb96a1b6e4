"""The document behind the window: masks being refined, status of each case, model in use, runs. No Qt, no napari."""

from __future__ import annotations

from napari_unlearn.project.project import Project
from napari_unlearn.project.status import CaseStatus

__all__ = ["CaseStatus", "Project"]
