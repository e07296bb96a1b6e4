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

from napari_unlearn import process
from napari_unlearn.files import atomic_write, parse_json, sha256_bytes
from napari_unlearn.leftovers import clear, unfinished_name

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
    name : str
        Name of the file.

    Attributes
    ----------
    holder : Owner or None
        Somebody else, who holds the project; None where this lock does.
    stale : bool
        Whether the last owner ended without giving the lock back.
    """

    def __init__(self, folder: Path, name: str = FILE_NAME) -> None:
        self.path = folder / name
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
        clear(self.path.parent)
        while True:
            try:
                self._create(data)
                break
            except FileExistsError:
                try:
                    found = self.path.read_bytes()
                except FileNotFoundError:  # given back in this moment
                    continue
                except OSError:
                    found = b""
                if not self._replace(found, data):
                    return False
                break
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

    def _create(self, data: bytes) -> None:
        # Written under another name first: an empty lock would pass for that of a crash.
        new = self.path.with_name(unfinished_name())
        try:
            with new.open("xb") as stream:
                stream.write(data)
            try:
                os.link(new, self.path)  # fails where there is one
                return
            except FileExistsError:
                raise
            except (OSError, AttributeError):  # some network drives and memory sticks know no second name of a file
                pass
        finally:
            with contextlib.suppress(OSError):
                new.unlink()
        try:
            with self.path.open("xb") as stream:
                stream.write(data)
        except FileExistsError:
            raise
        except OSError:
            self.path.unlink(missing_ok=True)
            raise

    def _replace(self, found: bytes, data: bytes) -> bool:
        self.holder = _owner(found)
        if self.holder is not None and not self.holder.gone:
            return False
        self.stale = True
        # Two may have found the same stale lock; without a lock on replacing it, each would replace that of the other.
        claim = ProjectLock(self.path.parent, f".{self.path.name}.{sha256_bytes(found)[:16]}")
        if not claim.take():
            self.holder = claim.holder
            return False
        try:
            if self.path.exists() and _owner(self.path.read_bytes()) == self.holder:
                atomic_write(self.path, data)
        finally:
            claim.release()
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
        return _owner(path.read_bytes())
    except OSError:
        return None


def _owner(text: bytes) -> Owner | None:
    try:
        owner = Owner(**parse_json(text))
    except (ValueError, TypeError):
        return None
    facts: dict[str, object] = asdict(owner)
    number = facts.pop("pid")
    return owner if isinstance(number, int) and all(isinstance(word, str) for word in facts.values()) else None


def user_name() -> str:
    """Name of the user as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no such user, as in some containers
        return "unknown"
