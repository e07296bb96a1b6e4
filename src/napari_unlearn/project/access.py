"""Who may write a project: its lock and the trail of what was done to it, opened and closed as one."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from datetime import datetime
from pathlib import Path

from napari_unlearn.project.audit_trail import FILE_NAME, AuditTrail
from napari_unlearn.project.lock import Owner, ProjectLock, user_name

JOURNALS = "journal"


class Access:
    """The right to write a project, if nobody else has it.

    Parameters
    ----------
    folder : Path
        The runs folder of the project.
    who : str, optional
        Person at work; the user of the system by default.

    Attributes
    ----------
    refusal : str
        Why nothing may be written, "" where it may.
    crashed : bool
        Whether the last window that had the project open ended without closing it.
    """

    def __init__(self, folder: Path, who: str | None = None) -> None:
        self.refusal = ""
        self._folder = folder
        self._new = not folder.exists()
        self._lock = ProjectLock(folder)
        self._locked = False
        try:
            self.refusal = _led_out(folder)
            self._locked = not self.refusal and self._lock.take()
            if self._lock.holder is not None:
                self.refusal = _held_by(self._lock.holder, self._lock.path)
            elif not self._locked and not self.refusal:
                self.refusal = f"Another window has just opened {folder.parent}; close it and open the folder again."
        except OSError as error:
            # On a full disk the work goes on in memory; where nobody may write, it must not seem to be saved.
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                self.refusal = (
                    f"{folder.parent} cannot be written ({error.strerror or error}), so nothing you change here is "
                    "saved. Copy the folder to where you may write, or ask for the right to."
                )
        self.crashed = self._locked and self._lock.stale
        try:
            self._trail = AuditTrail(folder / FILE_NAME, who or user_name())
        except OSError as error:
            self.refusal = self.refusal or f"{folder / FILE_NAME} cannot be read ({error.strerror or error})."

    def taken_away(self) -> bool:
        """Look whether the project may still be written; False as long as it may."""
        if not self.refusal and self._locked:
            owner = self._lock.lost
            if owner is not None:
                self.refusal = _held_by(owner, self._lock.path)
        return bool(self.refusal)

    def note(self, what: str, case_id: str | None = None, **facts: object) -> None:
        """Add a line to the trail; nothing happens where the project may not be written.

        Parameters
        ----------
        what : str
            What was done.
        case_id : str, optional
            To which case.
        **facts : object
            What else is known, as JSON can express it.

        Raises
        ------
        OSError
            The disk refuses; the line waits in memory for the next one.
        """
        if not self.refusal:
            self._trail.add(what, case_id, **facts)

    def close(self) -> None:
        """Give the project back, and leave no folder behind where nothing was done."""
        if not self.refusal:
            with contextlib.suppress(OSError):
                self._trail.close()
        if self._locked:
            self._lock.release()
            self._locked = False
        if self._new:
            with contextlib.suppress(OSError):
                self._folder.rmdir()


def _led_out(folder: Path) -> str:
    # A project from elsewhere could have its journal and trail written over files of this computer.
    links = [path for path in (folder, folder / JOURNALS, folder / FILE_NAME) if path.is_symlink()]
    outside = next((path for path in links if not path.resolve().is_relative_to(folder.parent.resolve())), None)
    if outside is None:
        return ""
    return (
        f"{outside} is a link that leaves the data set folder, so nothing you change here is saved. Put what it "
        "points to in its place, and open the folder again."
    )


def _held_by(owner: Owner, path: Path) -> str:
    here = owner.host == socket.gethostname()
    mine = here and owner.pid == os.getpid()
    where = "in this program" if mine else f"on {'this computer' if here else owner.host} (process {owner.pid})"
    sentence = (
        f"{path.parent.parent} is open in another window {where}, by {owner.user} since {_when(owner.since)}, so "
        "nothing you change here is saved. Close that window and open the folder again."
    )
    return sentence if here else f"{sentence} If that window no longer exists, delete {path}."


def _when(moment: str) -> str:
    try:
        return datetime.fromisoformat(moment).strftime("%H:%M on %d %B %Y")
    except ValueError:  # a lock from elsewhere may say anything
        return moment
