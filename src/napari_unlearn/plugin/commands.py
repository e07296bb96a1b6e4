"""Verbs for napari's menus and command palette; each opens the dock if need be and does what its button does."""

from __future__ import annotations

import napari

from napari_unlearn.plugin.enabling import refusal


def _perform(key: str) -> None:
    from napari_unlearn.plugin.widget import open_in

    viewer = napari.current_viewer()
    if viewer is None:
        return
    controller = open_in(viewer).controller
    # A button that cannot be pressed is grey; a verb of a menu has to say why nothing happens.
    reason = refusal(key, controller.facts())
    if reason:
        controller.bench.dock.messages.note(reason)
    controller.perform(key)


def open_folder() -> None:
    """Open a folder of dermoscopy images."""
    _perform("open_folder")


def choose_model() -> None:
    """Choose the model to revise."""
    _perform("choose_model")


def train_model() -> None:
    """Train a model on the coarse masks."""
    _perform("train_model")


def next_unrefined() -> None:
    """Go to the next case without a fine mask."""
    _perform("next_unrefined")


def suggest_next() -> None:
    """Go to the case whose refinement helps most."""
    _perform("suggest_next")


def refine_case() -> None:
    """Refine the case in hand."""
    _perform("go_refine")


def propose_mask() -> None:
    """Propose a fine mask for the case in hand."""
    _perform("propose")


def start_unlearning() -> None:
    """Unlearn the dilation artefacts."""
    _perform("unlearn")


def measure_models() -> None:
    """Measure the model before and after."""
    _perform("measure")


def show_feature_map() -> None:
    """Lay the cases out beside the image by what the models take for lesion."""
    _perform("feature_map")


def list_runs() -> None:
    """List every run of the project."""
    _perform("history")


def write_report() -> None:
    """Write the report of the run."""
    _perform("report")


def export_model() -> None:
    """Export the revised model with its certificate."""
    _perform("export")


def discard_revision() -> None:
    """Return to the model before unlearning."""
    _perform("discard")


def show_keys() -> None:
    """Show every key of the dock."""
    _perform("show_help")
