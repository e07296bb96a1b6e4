"""Whether another process of this machine is still alive, and is still the one that it was; and not to outlive one."""

from __future__ import annotations

import functools
import hashlib
import os
import socket
import sys
import threading
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


def mark() -> str:
    """Mark of this process that `gone` understands, and that fits into the name of a file."""
    return _mark(os.getpid())


def gone(mark: str) -> bool:
    """Whether a process has certainly ended; that of another machine or container cannot be asked.

    Parameters
    ----------
    mark : str
        What `mark` said in that process.

    Returns
    -------
    bool
    """
    machine, start, number = mark.split("-")
    if machine != _machine():
        return False
    pid = int(number)
    return not alive(pid) or _digest(started(pid)) != start


def end_with_parent() -> None:
    """End this process, whatever it does, as soon as the one that started it by `multiprocessing` has ended."""
    import multiprocessing.connection  # not with every command

    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)  # an exception would end this thread alone

    threading.Thread(target=watch, name="parent", daemon=True).start()


@functools.lru_cache(maxsize=4)
def _mark(pid: int) -> str:
    return f"{_machine()}-{_digest(started(pid))}-{pid}"


@functools.lru_cache(maxsize=1)
def _machine() -> str:
    try:
        numbers = str(Path("/proc/self/ns/pid").readlink())  # a container has numbers of its own
    except OSError:
        numbers = ""
    return _digest(f"{socket.gethostname()} {numbers}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


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
