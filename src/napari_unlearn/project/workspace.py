"""A copy of the shipped sample that the user may write to; the shipped files themselves are never edited."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from napari_unlearn.errors import UserError
from napari_unlearn.leftovers import clear, unfinished_name


@dataclass(frozen=True)
class Workspace:
    """Folders of a data set and of the model that goes with it, if there is one."""

    dataset: Path
    model: Path | None


def sample_workspace(shipped: Path, target: Path | None = None) -> Workspace:
    """Copy the sample to `target` unless it is there already, and return it.

    Parameters
    ----------
    shipped : Path
        Folder with `dataset/` and perhaps `model/`.
    target : Path, optional
        Where the copy goes; a folder of the user's data folder by default. What the user brushed there earlier stays.

    Returns
    -------
    Workspace

    Raises
    ------
    UserError
        The copy cannot be written.
    """
    target = target or user_data_path("napari-unlearn", appauthor=False) / "dermoscopy-sample"
    if not (target / "dataset").is_dir():
        _copy(shipped, target)
    model = target / "model"
    return Workspace(target / "dataset", model if model.is_dir() else None)


def _copy(source: Path, target: Path) -> None:
    # Copied beside the target and renamed, so that an interrupted copy is never taken for the sample.
    new: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        clear(target.parent)
        new = target.parent / unfinished_name(target.name)
        new.mkdir()
        for part in ("dataset", "model"):
            if (source / part).is_dir():
                shutil.copytree(source / part, new / part, copy_function=shutil.copyfile)
        new.rename(target)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"The sample could not be copied to {target} ({reason}); free some space or choose another folder."
        raise UserError(message) from error
    finally:
        if new is not None and new.exists():
            shutil.rmtree(new, ignore_errors=True)
