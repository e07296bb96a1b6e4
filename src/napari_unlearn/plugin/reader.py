"""What is dropped on napari or opened from its menus goes to the dock: folders of images, models and runs.

napari asks which reader to take where several accept a folder, so this one accepts no file that others read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari

from napari_unlearn.data.detect import detect
from napari_unlearn.errors import UserError
from napari_unlearn.plugin.dropping import Kind, folder_of, kind_of

Reader = Callable[[str], list[tuple[Any, ...]]]


def get_reader(path: str | list[str]) -> Reader | None:
    """Offer to read `path` when it is a data set, a model or a run.

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
    folder = folder_of(Path(path))
    if not folder.is_dir():
        return None
    try:
        # On the dock a folder that only holds a data set will do; napari's own reader may be meant by that one.
        known = kind_of(folder) is not Kind.DATASET or detect(folder)[0].root == folder.resolve()
    except UserError:
        known = False
    return _read if known else None


def _read(path: str) -> list[tuple[Any, ...]]:
    from napari_unlearn.plugin.widget import open_in

    viewer = napari.current_viewer()
    if viewer is not None:
        controller = open_in(viewer).controller
        controller.bench.attempt(lambda: controller.dropping.take(Path(path)))
    return [(None,)]  # npe2's sign for "read, but no layers to add"
