"""What a process was writing when it was killed: its name tells whose it is, so that the next one clears it away.

What a living process writes is never touched, nor what one of another machine may write, which cannot be asked.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from pathlib import Path

from napari_unlearn import process

_ABOUT = 120  # characters; names of files have 255 at most
_NAME = re.compile(r"\..*?([0-9a-f]{8}-[0-9a-f]{8}-[0-9]+)\.[0-9a-f]{16}\.new", re.DOTALL)
_cleared: set[tuple[int, str]] = set()


def unfinished_name(about: str = "") -> str:
    """Name for a file or folder that is being written, and gets its own name when it is complete.

    Parameters
    ----------
    about : str
        What it begins with, behind a dot.

    Returns
    -------
    str
        Different every time.
    """
    stem = f"{about[:_ABOUT]}." if about else ""
    return f".{stem}{process.mark()}.{secrets.token_hex(8)}.new"


def is_living(name: str) -> bool:
    """Whether the process that writes something under such a name may be alive.

    Parameters
    ----------
    name : str
        Of a file or folder; one that `unfinished_name` has not made is nobody's.

    Returns
    -------
    bool
    """
    found = _NAME.fullmatch(name)
    return found is not None and not process.gone(found[1])


def clear(folder: Path) -> None:
    """Clear away what killed processes left in a folder; a process looks into each folder once.

    Parameters
    ----------
    folder : Path
        Where something is about to be written. Whatever cannot be read or removed is left alone.
    """
    key = os.getpid(), str(folder.absolute())
    if key in _cleared:
        return
    _cleared.add(key)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        left = [entry for entry in entries if _NAME.fullmatch(entry.name) and not is_living(entry.name)]
        for entry in left:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    Path(entry.path).unlink()
