"""Verbs for napari's command palette; each opens the dock if need be and does what its button does."""

from __future__ import annotations

import napari


def _perform(key: str) -> None:
    from napari_unlearn.plugin.widget import open_in

    viewer = napari.current_viewer()
    if viewer is not None:
        open_in(viewer).controller.perform(key)


def open_folder() -> None:
    """Open a folder of dermoscopy images."""
    _perform("open_folder")


def next_unrefined() -> None:
    """Go to the next case without a fine mask."""
    _perform("next_unrefined")


def refine_case() -> None:
    """Refine the case in hand."""
    _perform("go_refine")


def start_unlearning() -> None:
    """Unlearn the dilation artefacts."""
    _perform("unlearn")


def export_model() -> None:
    """Export the revised model with its certificate."""
    _perform("export")


def discard_revision() -> None:
    """Return to the model before unlearning."""
    _perform("discard")
