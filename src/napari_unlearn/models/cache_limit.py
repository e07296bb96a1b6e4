"""How much room the maps of the encoder may take on the disk: those that were used longest ago go first.

A map is found by its content and can be computed again, so that one which goes while another process works costs time
and nothing else. When a map was used last is told by the time of its file, which whoever reads it sets anew.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import time
from pathlib import Path

from napari_unlearn.errors import UserError

LIMIT_VARIABLE = "NAPARI_UNLEARN_CACHE_GB"

DEFAULT_GIGABYTES = 50.0
"""As much as the maps of some 30,000 images of 256 pixels take with the shipped encoder."""

_LEFT = 0.9  # share of the limit that is kept, so that not every new map has one taken away
_STALE = 86_400.0  # seconds after which a file that somebody began to write is of a process that was killed


def limit_of(folder: Path, held: int) -> int:
    """How many bytes may be kept.

    Parameters
    ----------
    folder : Path
        Where maps are kept; it exists.
    held : int
        Bytes that they take now.

    Returns
    -------
    int
        What the environment variable NAPARI_UNLEARN_CACHE_GB says, else 50 GB, but no more than half of what the disk
        could hold of them.

    Raises
    ------
    UserError
        The variable is no number, or is negative.
    """
    wish = os.environ.get(LIMIT_VARIABLE)
    if not wish:
        return min(int(DEFAULT_GIGABYTES * 1e9), (shutil.disk_usage(folder).free + held) // 2)
    try:
        gigabytes = float(wish)
    except ValueError:
        gigabytes = math.nan
    if not 0 <= gigabytes < math.inf:
        raise UserError(
            f"{LIMIT_VARIABLE} is '{wish}', but must be a number of gigabytes such as 20; correct the variable."
        )
    return int(gigabytes * 1e9)


def used(path: Path) -> None:
    """Note that a map was just used.

    Parameters
    ----------
    path : Path
        Its file; one that is gone by now, or that others own, is left alone.
    """
    with contextlib.suppress(OSError):
        os.utime(path)


def prune(folder: Path) -> int:
    """Take away the maps that were used longest ago, if they take more room than they may.

    Parameters
    ----------
    folder : Path
        Where maps are kept, in folders of two letters; nothing else in it is touched.

    Returns
    -------
    int
        Bytes that are kept.

    Raises
    ------
    UserError
        The limit in the environment is no number.
    """
    found: list[tuple[float, int, str]] = []
    for inner in folder.glob("[0-9a-f][0-9a-f]"):
        # Another process may take away what this one is about to look at.
        with contextlib.suppress(OSError), os.scandir(inner) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    facts = entry.stat(follow_symlinks=False)
                    if entry.name.endswith(".safetensors"):
                        found.append((facts.st_mtime, facts.st_size, entry.path))
                    elif entry.name.endswith(".new") and time.time() - facts.st_mtime > _STALE:
                        Path(entry.path).unlink()
    held = sum(size for _, size, _ in found)
    limit = limit_of(folder, held)
    if held <= limit:
        return held
    for _, size, path in sorted(found):
        if held <= _LEFT * limit:
            break
        # Windows keeps a file that somebody reads; it goes another time.
        with contextlib.suppress(OSError):
            Path(path).unlink()
            held -= size
    return held
