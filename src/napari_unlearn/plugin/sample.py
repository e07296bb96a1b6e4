"""*File > Open Sample > Dermoscopy with a shortcut*: opens a copy of the shipped sample in the dock."""

from __future__ import annotations

from typing import Any

import napari

from napari_unlearn.project.workspace import Workspace, sample_workspace


def prepare() -> Workspace:
    """Copy the shipped sample to the user's own folder, unless it is there."""
    from napari_unlearn.data.sample import sample_folder

    return sample_workspace(sample_folder())


def open_sample() -> list[tuple[Any, ...]]:
    """Open the sample in the dock of the current viewer; the layers come through the dock."""
    from napari_unlearn.plugin.widget import open_in

    viewer = napari.current_viewer()
    if viewer is not None:
        open_in(viewer).controller.perform("open_sample")
    return []
