"""A file that only grows: what was appended survives the end of the program, and what the disk refuses waits here."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from pathlib import Path

_BINARY = getattr(os, "O_BINARY", 0)


class AppendFile:
    """One growing file, opened with the first thing that is appended, so that looking at a project creates nothing.

    Parameters
    ----------
    path : Path
        The file; its folder is made when missing.
    head : bytes
        What a new file begins with.
    keep : int, optional
        Number of bytes that are good where the file exists already; what follows, left by an interrupted write, is cut
        off before anything is appended. All of it by default.
    """

    def __init__(self, path: Path, head: bytes = b"", keep: int | None = None) -> None:
        self.path = path
        self._head = head
        self._keep = keep
        self._file: int | None = None
        self._size = 0
        self._listed = False
        self._waiting: list[bytes] = []
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """Number of appended pieces that the disk has not taken yet."""
        return len(self._waiting)

    def append(self, data: bytes) -> None:
        """Put `data` at the end, after everything that still waits.

        When this returns, the operating system has the data: they survive the end of this program in any manner. `sync`
        makes them survive a power cut as well.

        Parameters
        ----------
        data : bytes
            What to append; nothing is appended but what waits when it is empty.

        Raises
        ------
        OSError
            The disk is full or gone, or the file is a link. `data` waits in memory for the next call, and the file
            holds no part of it.
        """
        with self._lock:
            if data:
                self._waiting.append(data)
            if not self._waiting:
                return
            file = self._open()
            if os.fstat(file).st_nlink == 0:
                raise FileNotFoundError(2, "the file was deleted while it was in use", str(self.path))
            while self._waiting:
                self._write(file, self._waiting[0])
                del self._waiting[0]

    def put_off(self, data: bytes) -> None:
        """Let `data` wait for the next call of `append`."""
        with self._lock:
            self._waiting.append(data)

    def sync(self) -> None:
        """Flush to the disk itself. Slow, and safe in another thread than that of `append`."""
        with self._lock:
            if self._file is None:
                return
            copy = os.dup(self._file)
        try:
            os.fsync(copy)
        finally:
            os.close(copy)
        if not self._listed and os.name == "posix":
            # A new file is lost in a power cut as long as its folder does not list it.
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                with contextlib.suppress(OSError):  # some network drives cannot flush folders
                    os.fsync(folder)
            finally:
                os.close(folder)
            self._listed = True

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _open(self) -> int:
        if self._file is None:
            if self.path.is_symlink():
                # In a folder from elsewhere it could lead to any file of this computer.
                raise OSError(errno.ELOOP, "it is a link, and links are not written through", str(self.path))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, 0o666)
            try:
                if self._keep is not None:
                    os.ftruncate(file, self._keep)
                    self._keep = None
                self._size = os.fstat(file).st_size
                if self._size == 0 and self._head:
                    self._write(file, self._head)
            except BaseException:
                os.close(file)
                raise
            self._file = file
        return self._file

    def _write(self, file: int, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(file, view) :]
        except OSError:
            # A disk that is full takes a part; cutting it off again needs no space.
            with contextlib.suppress(OSError):
                os.ftruncate(file, self._size)
            raise
        self._size += len(data)
