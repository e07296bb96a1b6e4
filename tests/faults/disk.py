"""A disk that does at a chosen place what disks do at the worst moment, by way of what a program asks of the system."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FULL = OSError(errno.ENOSPC, "No space left on device")
READ_ONLY = OSError(errno.EROFS, "Read-only file system")
BROKEN = OSError(errno.EIO, "Input/output error")
_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_WRAPPED = ("open", "write", "fsync", "replace", "rename", "link", "mkdir", "sendfile")
Fault = Callable[[], None]


def refusing(error: OSError) -> Fault:
    """A fault that raises, as the system does, an error that does not always name a file."""

    def fault() -> None:
        raise OSError(error.errno, error.strerror)

    return fault


class Disk:
    """Counts all that would change files below a folder, and refuses it from one place on.

    Those places are: making a file or a folder, each writing of bytes, flushing to the disk, renaming, giving a second
    name. Of the bytes that are being written at the place of the fault, half get there. Removing and cutting off always
    works, as on a disk that is full.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.places = 0
        self._fault: Fault | None = None
        self._first = 0
        self._files: dict[int, bool] = {}
        self._saved = {name: getattr(os, name) for name in _WRAPPED if hasattr(os, name)}
        self._open = io.open

    @contextlib.contextmanager
    def failing(self, fault: Fault | None, first: int = 0) -> Iterator[Disk]:
        """Count, and let `fault` happen at the place number `first`, from 1 on, and at every later one."""
        self.places, self._fault, self._first = 0, fault, first
        own = {name: getattr(self, f"_os_{name}") for name in self._saved}
        try:
            for name, function in own.items():
                setattr(os, name, function)
            io.open = builtins.open = self._io_open  # type: ignore[assignment]
            yield self
        finally:
            io.open = builtins.open = self._open
            for name, function in self._saved.items():
                setattr(os, name, function)

    @property
    def reached(self) -> bool:
        """Whether the fault happened."""
        return 0 < self._first <= self.places

    def place(self, half: Callable[[], object] = lambda: None) -> None:
        """Count one place; `half` does half of what was asked for."""
        self.places += 1
        if self._fault is not None and self.places >= self._first:
            if self.places == self._first:
                half()
            self._fault()

    def _below(self, path: Any) -> bool:
        if isinstance(path, int):
            return self._files.get(path, False)
        return Path(os.fsdecode(path)).absolute().parent.resolve().is_relative_to(self.folder)

    def _io_open(self, file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        changes = set(mode) & set("wax+")
        if changes and not isinstance(file, int) and self._below(file):
            self.place()
            stream = self._open(file, mode, *args, **options)
            self._files[stream.fileno()] = True
            return _Stream(self, stream)
        stream = self._open(file, mode, *args, **options)
        if not isinstance(file, int):
            self._files[stream.fileno()] = False
        return stream

    def _os_open(self, path: Any, flags: int, *args: Any, **options: Any) -> int:
        below = bool(flags & _CHANGES) and self._below(path)
        if below and flags & os.O_CREAT:
            self.place()
        file: int = self._saved["open"](path, flags, *args, **options)
        self._files[file] = below
        return file

    def _os_write(self, file: int, data: Any) -> int:
        write = self._saved["write"]
        if self._below(file):
            self.place(lambda: write(file, bytes(data)[: len(data) // 2]))
        return int(write(file, data))

    def _os_sendfile(self, target: int, *args: Any, **options: Any) -> int:
        if self._below(target):
            self.place()
        return int(self._saved["sendfile"](target, *args, **options))

    def _os_fsync(self, file: int) -> None:
        if self._below(file):
            self.place()
        self._saved["fsync"](file)

    def _two(self, name: str, source: Any, target: Any, **options: Any) -> None:
        if self._below(target):
            self.place()
        self._saved[name](source, target, **options)

    def _os_replace(self, source: Any, target: Any, **options: Any) -> None:
        self._two("replace", source, target, **options)

    def _os_rename(self, source: Any, target: Any, **options: Any) -> None:
        self._two("rename", source, target, **options)

    def _os_link(self, source: Any, target: Any, **options: Any) -> None:
        self._two("link", source, target, **options)

    def _os_mkdir(self, path: Any, *args: Any, **options: Any) -> None:
        if self._below(path) and not Path(path).is_dir():
            self.place()
        self._saved["mkdir"](path, *args, **options)


class _Stream:
    """A file that is being written, with a place of its own at every writing."""

    def __init__(self, disk: Disk, stream: Any) -> None:
        self._disk, self._stream = disk, stream

    def write(self, data: Any) -> int:
        def half() -> None:
            self._stream.write(data[: len(data) // 2])
            self._stream.flush()

        self._disk.place(half)
        return int(self._stream.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
