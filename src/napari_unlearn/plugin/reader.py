"""Dropping a data set folder on napari opens it in the dock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari

Reader = Callable[[str], list[tuple[Any, ...]]]


def get_reader(path: str | list[str]) -> Reader | None:
    """Offer to read `path` when it is a data set folder: one with `images` and `coarse` in it.

    Parameters
    ----------
    path : str or list of str
        What was dropped.

    Returns
    -------
    callable or None
        Reads the folder.
    """
    if not isinstance(path, str):
        return None
    folder = Path(path)
    return _read if (folder / "images").is_dir() and (folder / "coarse").is_dir() else None


def _read(path: str) -> list[tuple[Any, ...]]:
    from napari_unlearn.plugin.widget import open_in

    viewer = napari.current_viewer()
    if viewer is not None:
        open_in(viewer).controller.opening.open(Path(path))
    return [(None,)]  # npe2's sign for "read, but no layers to add"
