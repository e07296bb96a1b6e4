"""One window writes a project at a time: a small file that says who does, and that a crash of its owner does not spoil.

A file with the owner's process and machine is used rather than a lock of the operating system, because those are not
dependable on the network drives of hospitals, and because a file can say to people who holds it. The owner looks before
it writes whether the file is still its own, so a lock that was taken from it by hand does no harm.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from napari_unlearn.files import atomic_write, parse_json
from napari_unlearn.project import process

FILE_NAME = "project.lock"


@dataclass(frozen=True)
class Owner:
    """Who holds a project.

    Attributes
    ----------
    pid : int
        Number of the process.
    started : str
        What tells it from a later process of the same number, "" where unknown.
    host, user : str
        Its machine and its user.
    since : str
        When, for people.
    token : str
        What tells two windows of one process apart.
    """

    pid: int
    started: str
    host: str
    user: str
    since: str
    token: str

    @property
    def gone(self) -> bool:
        """Whether the process has certainly ended; that of another machine cannot be asked."""
        if self.host != socket.gethostname():
            return False
        return not process.alive(self.pid) or self.started not in ("", process.started(self.pid))


class ProjectLock:
    """The lock on one folder.

    Parameters
    ----------
    folder : Path
        Where the file lies.

    Attributes
    ----------
    holder : Owner or None
        Somebody else, who holds the project; None where this lock does.
    stale : bool
        Whether the last owner ended without giving the lock back.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.holder: Owner | None = None
        self.stale = False
        self._held = False
        self._seen: tuple[int, int, int] | None = None  # the file when it was found to be its own
        self._own = Owner(
            os.getpid(),
            process.started(os.getpid()),
            socket.gethostname(),
            user_name(),
            datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
            secrets.token_hex(8),
        )

    def take(self) -> bool:
        """Take the project, unless somebody holds it.

        Returns
        -------
        bool
            Whether it is held now; if not, `holder` says by whom.

        Raises
        ------
        OSError
            The folder cannot be written.
        """
        data = (json.dumps(asdict(self._own), indent=2) + "\n").encode()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.path.open("xb") as stream:  # fails where there is one
                stream.write(data)
        except FileExistsError:
            if not self._replace(data):
                return False
        self._held = True
        return True

    @property
    def lost(self) -> Owner | None:
        """Who has taken the project away meanwhile, by deleting the file and opening the project elsewhere."""
        # Asked before every stroke, so the file is read again only where it is another one.
        try:
            facts = self.path.stat()
        except OSError:
            return None
        mark = facts.st_ino, facts.st_mtime_ns, facts.st_size
        if mark != self._seen:
            owner = read_owner(self.path)
            if owner is not None and owner != self._own:
                return owner
            self._seen = mark
        return None

    def release(self) -> None:
        """Give the project back."""
        if self._held and self.lost is None:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self._held = False

    def _replace(self, data: bytes) -> bool:
        self.holder = read_owner(self.path)
        if self.holder is not None and not self.holder.gone:
            return False
        self.stale = True
        atomic_write(self.path, data)
        # Two windows may have found the same stale lock: the one whose file is there holds it.
        self.holder = read_owner(self.path)
        if self.holder != self._own:
            return False
        self.holder = None
        return True


def read_owner(path: Path) -> Owner | None:
    """Read who holds a project; None where the file says nothing, as after a full disk or a crash while it was written.

    Parameters
    ----------
    path : Path
        The lock.

    Returns
    -------
    Owner or None
    """
    try:
        return Owner(**parse_json(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def user_name() -> str:
    """Name of the user as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no such user, as in some containers
        return "unknown"
