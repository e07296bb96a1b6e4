"""Who did what, when, and to which case: lines of JSON, each with the hash of the one before it.

Altering, removing or moving a line breaks the chain at that place. Whoever can write the file can also write a new
chain from there on, and cutting off the end leaves a whole chain: the hash of the last line, noted elsewhere, shows
both. The order is that of the lines; the clock of the computer may be wrong or go backwards without harm.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from napari_unlearn.errors import UserError
from napari_unlearn.files import parse_json, sha256_bytes, sha256_file
from napari_unlearn.project.append_file import AppendFile

FILE_NAME = "audit.jsonl"
START = "0" * 64  # what the first line follows
TAIL = 1 << 16  # bytes in which the last line is looked for


@dataclass(frozen=True)
class Trail:
    """A trail that was checked.

    Attributes
    ----------
    lines : int
        Number of whole lines.
    last : str
        Hash of the last one, to be noted elsewhere.
    failures : tuple of str
        What is wrong with it, one sentence each.
    good : int
        Number of bytes up to the end of the last whole line.
    rest : int
        Number of bytes after it, of a line that was never finished.
    """

    lines: int
    last: str
    failures: tuple[str, ...]
    good: int
    rest: int


class AuditTrail:
    """Writes the trail of a project.

    Parameters
    ----------
    path : Path
        The file.
    who : str
        Name of the person at work.
    """

    def __init__(self, path: Path, who: str) -> None:
        self.who = who
        self._lines, self._last, good, self._cut = _end(path)
        self._file = AppendFile(path, keep=good if self._cut else None)
        self._lock = threading.Lock()

    def add(self, what: str, case: str | None = None, **facts: object) -> None:
        """Add a line; it counts even when it has to wait.

        Parameters
        ----------
        what : str
            What was done.
        case : str, optional
            To which case.
        **facts : object
            What else is known, as JSON can express it.

        Raises
        ------
        OSError
            The disk refuses; the line waits in memory for the next call.
        """
        with self._lock:
            cut, self._cut = self._cut, 0
            lines = [self._line("unfinished line removed", None, {"bytes": cut})] if cut else []
            lines.append(self._line(what, case, facts))
            self._file.append(b"".join(lines))

    def close(self) -> None:
        """Flush to disk and let the file go.

        Raises
        ------
        OSError
            The disk refuses.
        """
        with self._lock:
            try:
                self._file.append(b"")
                self._file.sync()
            finally:
                self._file.close()

    def _line(self, what: str, case: str | None, facts: Mapping[str, object]) -> bytes:
        self._lines += 1
        entry: dict[str, object] = {"n": self._lines, "when": now(), "who": self.who, "what": what}
        if case is not None:
            entry["case"] = case
        entry |= facts
        entry["before"] = self._last
        self._last = _hash(entry)
        return _text(entry | {"hash": self._last}) + b"\n"


def now() -> str:
    """Date and time by the clock of the computer, with its offset from UTC."""
    return datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")


def verify_trail(path: Path) -> Trail:
    """Check a trail: every hash, the order, and the masks on disk against what was said of them last.

    Parameters
    ----------
    path : Path
        The file of the trail, or the data set folder that it belongs to.

    Returns
    -------
    Trail

    Raises
    ------
    UserError
        There is no trail.
    """
    file = find_trail(path)
    if file is None:
        raise UserError(f"{path} holds no {FILE_NAME}; choose the folder of a data set that was worked on.")
    try:
        trail, entries = _read(file)
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror or error}); check that you may read it.") from error
    failures = list(trail.failures)
    if trail.rest:
        failures.append(f"The last line of {file} is not finished; opening the project again repairs that.")
    if not trail.failures:
        failures += _altered_masks(file.parent.parent, entries)
    return Trail(trail.lines, trail.last, tuple(failures), trail.good, trail.rest)


def find_trail(path: Path) -> Path | None:
    """File of the trail that `path` stands for: itself, or that of a data set folder or its runs folder.

    Parameters
    ----------
    path : Path
        A file or a folder.

    Returns
    -------
    Path or None
    """
    if path.is_file():
        return path if path.suffix == ".jsonl" else None
    places = (path / FILE_NAME, path / "unlearn-runs" / FILE_NAME)
    return next((place for place in places if place.is_file()), None)


def _read(path: Path) -> tuple[Trail, list[dict[str, Any]]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Trail(0, START, (), 0, 0), []
    good = data.rfind(b"\n") + 1
    entries: list[dict[str, Any]] = []
    failures: list[str] = []
    last, lines = START, data[:good].splitlines()
    for number, line in enumerate(lines, 1):
        entry = _entry(line)
        if entry is None:
            failures.append(f"Line {number} of {path.name} is no entry of an audit trail.")
            break
        told = entry.pop("hash", None)
        if told != _hash(entry):
            failures.append(f"Line {number} of {path.name} was altered.")
            break
        if entry.get("before") != last or entry.get("n") != number:
            failures.append(f"Something was removed from {path.name}, added to it or moved before line {number}.")
            break
        last = str(told)
        entries.append(entry)
    if failures and lines:
        # A broken trail is gone on with, or a single wrong byte would end it; the break stays visible.
        ending = _entry(lines[-1]) or {}
        last = str(ending.get("hash", START))
    return Trail(len(lines), last, tuple(failures), good, len(data) - good), entries


def _end(path: Path) -> tuple[int, str, int, int]:
    # Number and hash of the last line, and bytes up to its end and after it, without reading all of a long trail.
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            stream.seek(max(0, size - TAIL))
            tail = stream.read()
    except FileNotFoundError:
        return 0, START, 0, 0
    rest = len(tail) - (tail.rfind(b"\n") + 1)
    entry = _entry(tail[: len(tail) - rest].rstrip(b"\n").rpartition(b"\n")[2]) or {}
    number, last = entry.get("n"), entry.get("hash")
    if isinstance(number, int) and isinstance(last, str):
        return number, last, size - rest, rest
    # No whole line, or one that makes no sense: all of it is looked at.
    trail, _ = _read(path)
    return trail.lines, trail.last, trail.good, trail.rest


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = parse_json(line)
        if not isinstance(entry, dict):
            return None
        _text(entry)  # what this program could not have written, such as NaN and half characters
    except ValueError:
        return None
    return entry


def _altered_masks(root: Path, entries: list[dict[str, Any]]) -> list[str]:
    latest = {str(entry["file"]): str(entry["sha256"]) for entry in entries if "file" in entry and "sha256" in entry}
    failures = []
    for name, digest in sorted(latest.items()):
        # A trail from elsewhere must not make anybody read files outside its data set.
        if Path(name).is_absolute() or ".." in Path(name).parts:
            failures.append(f"The trail names {name}, which is outside the data set.")
        elif not (root / name).is_file():
            failures.append(f"{name} was deleted after the last entry about it.")
        elif sha256_file(root / name) != digest:
            failures.append(f"{name} was changed after the last entry about it.")
    return failures


def _hash(entry: Mapping[str, object]) -> str:
    return sha256_bytes(_text(entry))


def _text(entry: Mapping[str, object]) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
