"""Lets torch be imported in a process that already draws with Mesa's OpenGL.

Importing torch's compiler imports triton, whose library carries its own LLVM. Where OpenGL is drawn by Mesa (software
drawing, AMD cards) another LLVM is loaded already, the two get mixed up, and the process dies of a segmentation fault.
Loading triton's library beforehand, told to prefer its own symbols, keeps them apart. Known upstream as a clash of
symbols, see pytorch issue 96060 and tensorflow issue 124205.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import threading
from pathlib import Path

from napari_unlearn.plugin.preload import open_library

_LOCK = threading.Lock()
_done = False


def keep_llvm_apart() -> None:
    """Load triton's library the safe way, once in a process; does nothing where there is none."""
    global _done
    with _LOCK:
        if _done:
            return
        _done = True
        library = _library()
        if library is None or "triton" in sys.modules:
            return
        try:
            open_library(library, os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_DEEPBIND)
        except OSError as error:
            logging.getLogger(__name__).warning("%s could not be loaded: %s", library, error)


def _library() -> Path | None:
    # RTLD_DEEPBIND exists where the problem does: with glibc on Linux.
    if not hasattr(os, "RTLD_DEEPBIND"):
        return None
    found = importlib.util.find_spec("triton")
    if found is None or not found.submodule_search_locations:
        return None
    library = Path(found.submodule_search_locations[0]) / "_C" / "libtriton.so"
    return library if library.is_file() else None
