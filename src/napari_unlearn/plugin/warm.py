"""Does beforehand what the first job and the first layer will need, in the background and after the dock is shown."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

import pint
from pint.registry import LazyRegistry

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Done, Event
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin import calls, preload
from napari_unlearn.plugin.garbage import no_search
from napari_unlearn.plugin.runner import JobRunner

# What napari 0.8 to 0.9 imports with its first layer, where it is there.
FIRST_LAYER = (
    "pandas",
    "scipy.ndimage",
    "xarray",
    "napari_plugin_engine",
    "skimage.color.colorconv",
    "skimage.exposure",
)
MODULES = (
    *(name for name in FIRST_LAYER if importlib.util.find_spec(name.partition(".")[0]) is not None),
    "torch",
    "segmentation_models_pytorch",  # for the first prediction
    "napari_unlearn.models.segmenter",
    "napari_unlearn.operators.collect",
    "napari_unlearn.evaluation.evaluate",
)

Reasons = Mapping[str, str]


def start(runner: JobRunner, found: Callable[[Reasons], None]) -> None:
    """Begin.

    Parameters
    ----------
    runner : JobRunner
        Where to work.
    found : callable
        Told at the end which devices cannot be used, and why.
    """
    # Threads of torch that wait without spinning leave the processor to the window.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")

    def receive(event: Event) -> None:
        if isinstance(event, Done):
            found(event.result)  # type: ignore[arg-type]

    runner.start(calls.events, calls.Call(__name__, "warm_up"), Token(), receive)


def warm_up() -> Reasons:
    """Import, and look for devices; what cannot be imported is left to the job that needs it, which will say why.

    Returns
    -------
    dict of str to str
        One sentence for each device that cannot be used.
    """
    with no_search():
        read_units()
        for name in MODULES:
            if name == "torch":
                preload.open_torch()
            try:
                importlib.import_module(name)
            except (ImportError, OSError) as error:  # OSError where a library of torch cannot be opened
                logging.getLogger(__name__).warning("%s cannot be imported: %s", name, error)
    return unavailable_devices()


def draw_brush(viewer: Any) -> None:
    """Have napari build the circle of its brush, so that nobody waits for it with the first brush in hand.

    Parameters
    ----------
    viewer : napari.Viewer
        Where; its cursor is as it was before anything is drawn.
    """
    style = viewer.cursor.style
    viewer.cursor.style = "circle_frozen"  # the one that is built at any size
    viewer.cursor.style = style


def read_units() -> None:
    """Read pint's table of units, a second's work that napari's first layer would do in the thread of the window.

    It is read apart and put in place whole: pint's own fills up in sight of all threads, and a layer that comes while
    it is half full finds no pixel in it.
    """
    own = pint.get_application_registry()
    made = pint.UnitRegistry()
    _ = made.pixel
    # Units of two tables do not mix, so one that the window has begun to read meanwhile stays.
    if isinstance(own.get(), LazyRegistry):
        own.set(made)


def unavailable_devices() -> Reasons:
    """Say of each device that cannot be used why not; nothing where torch itself is missing or broken."""
    try:
        device = importlib.import_module("napari_unlearn.models.device")
    except (ImportError, OSError):
        return {}
    reasons = {}
    for name in device.DEVICES:
        try:
            device.find_device(name)
        except UserError as error:
            reasons[name] = str(error)
    return reasons
