"""Imports what the first job will need, in the background and after the dock is shown, so that nobody waits for it."""

from __future__ import annotations

import importlib
import logging
import os
import threading

from napari_unlearn.plugin.beside_opengl import keep_llvm_apart

MODULES = ("torch", "napari_unlearn.models.segmenter", "napari_unlearn.operators.collect")


def start() -> None:
    """Begin to import; a module that cannot be imported is left to the job that needs it, which will say why."""
    # Threads of torch that wait without spinning leave the processor to the window.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    threading.Thread(target=_work, name="napari-unlearn warm-up", daemon=True).start()


def _work() -> None:
    keep_llvm_apart()
    for name in MODULES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            logging.getLogger(__name__).warning("%s cannot be imported: %s", name, error)
