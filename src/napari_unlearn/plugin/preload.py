"""Opens the libraries of torch without holding up the window.

Python keeps all its threads waiting while the system opens the file of an extension, and those of torch take it a
second. The same function of the system, called through ctypes, lets them run. Only what knows no Python may be opened
that way; the rest is small.
"""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import os
import sys
from pathlib import Path


def open_library(path: Path, mode: int) -> None:
    """Open a shared library as `ctypes.CDLL` does, while other threads run on; for Linux and macOS.

    Parameters
    ----------
    path : Path
        The library; it must run no Python when it is opened.
    mode : int
        Flags as in the module `os`, such as ``os.RTLD_NOW | os.RTLD_LOCAL``.

    Raises
    ------
    OSError
        It cannot be opened; the message is that of the system.
    """
    system = ctypes.CDLL(None)
    system.dlopen.restype, system.dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    system.dlerror.restype, system.dlerror.argtypes = ctypes.c_char_p, ()
    if not system.dlopen(os.fsencode(path), mode):
        raise OSError((system.dlerror() or os.fsencode(path)).decode(errors="replace"))


def open_torch() -> None:
    """Open what ``import torch`` will open, in its order and with its flags; leaves to it what cannot be opened."""
    if sys.platform != "linux" or "torch" in sys.modules:
        return
    found = importlib.util.find_spec("torch")
    if found is None or not found.submodule_search_locations:
        return
    folder = Path(found.submodule_search_locations[0]) / "lib"
    try:
        open_library(folder / "libtorch_global_deps.so", os.RTLD_NOW | os.RTLD_GLOBAL)
        # Where other libraries are to be found first, torch chooses those of CUDA before it opens its own.
        if not os.environ.get("LD_LIBRARY_PATH"):
            open_library(folder / "libtorch.so", os.RTLD_NOW | os.RTLD_LOCAL)
    except OSError as error:
        logging.getLogger(__name__).info("Left to torch itself: %s", error)
