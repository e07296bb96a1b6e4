"""Whether another process of this machine is still alive, and is still the one that it was."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether a process of this number runs.

    Parameters
    ----------
    pid : int
        Its number.

    Returns
    -------
    bool
    """
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return _alive_on_windows(pid)
    try:
        os.kill(pid, 0)  # asks, and sends nothing
    except (ProcessLookupError, OverflowError):  # no process has a number that large
        return False
    except PermissionError:
        return True
    # One that has ended and whose parent has not noticed holds nothing any more.
    return _status(pid)[:1] != ["Z"]


def started(pid: int) -> str:
    """Mark that tells a process from a later one with the same number; "" where this system offers none.

    Parameters
    ----------
    pid : int
        Its number.

    Returns
    -------
    str
    """
    status = _status(pid)
    return f"{_boot()}:{status[19]}" if len(status) > 19 else ""


def _status(pid: int) -> list[str]:
    # The second field is the name of the program, in brackets, with whatever blanks and brackets it has.
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _alive_on_windows(pid: int) -> bool:
    # os.kill would end the process there.
    import ctypes

    query, still_active = 0x1000, 259
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009
    handle = kernel.OpenProcess(query, False, pid)
    if not handle:
        return bool(kernel.GetLastError() == 5)  # it is there, and somebody else's
    try:
        code = ctypes.c_ulong()
        return bool(kernel.GetExitCodeProcess(handle, ctypes.byref(code)) and code.value == still_active)
    finally:
        kernel.CloseHandle(handle)
