"""The stroke journal of one case: every step in the order in which it was done, each with its checksum.

A journal is a head line and then records. A record is a frame (mark, length, CRC-32 of the rest), a line of JSON that
says what it is, and the bytes of a change. Records are appended and never altered. A record that was being written when
the program was killed has a wrong length or checksum, ends the reading, and is cut off before the next one is written.
"""

from __future__ import annotations

import json
import shutil
import struct
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_unlearn.files import parse_json
from napari_unlearn.project.append_file import AppendFile

HEAD = b"napari-unlearn stroke journal 1\n"
SUFFIX = ".journal"
_FRAME = struct.Struct("<4sII")
_MARK = b"\nREC"


@dataclass(frozen=True)
class Record:
    """One entry.

    Attributes
    ----------
    facts : mapping of str to object
        What it is, as JSON can express it; `do` names its kind.
    body : bytes
        The change, b"" where there is none.
    """

    facts: Mapping[str, Any]
    body: bytes = field(default=b"", repr=False)

    def pack(self) -> bytes:
        """Frame, facts and body."""
        payload = json.dumps(self.facts, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + self.body
        return _FRAME.pack(_MARK, len(payload), zlib.crc32(payload)) + payload


@dataclass(frozen=True)
class Reading:
    """What a journal holds.

    Attributes
    ----------
    records : tuple of Record
        Everything up to the first record that is not whole.
    good : int
        Number of bytes up to there.
    rest : int
        Number of bytes after it.
    torn : bool
        Whether the rest is one unfinished record at the very end, which is what killing the program leaves; otherwise
        the file was damaged.
    """

    records: tuple[Record, ...] = ()
    good: int = 0
    rest: int = 0
    torn: bool = False


class Journal:
    """Writes the journal of a case.

    Parameters
    ----------
    path : Path
        The file.
    reading : Reading
        What it holds already and is gone on with. Of a damaged file a copy is kept before it is cut.
    """

    def __init__(self, path: Path, reading: Reading) -> None:
        self.file = AppendFile(path, HEAD, reading.good if reading.rest else None)
        self.count = len(reading.records)
        self._damaged = bool(reading.rest) and not reading.torn
        self._lock = threading.Lock()

    def append(self, *records: Record) -> None:
        """Write records; they count even when they have to wait.

        Parameters
        ----------
        *records : Record
            In their order.

        Raises
        ------
        OSError
            The disk refuses; the records wait in memory for the next call.
        """
        with self._lock:
            self.count += len(records)
            data = b"".join(record.pack() for record in records)
            try:
                if self._damaged:
                    shutil.copyfile(self.file.path, self.file.path.with_suffix(f"{SUFFIX}.damaged"))
                    self._damaged = False
            except OSError:
                if data:
                    self.file.put_off(data)
                raise
            self.file.append(data)


def read_journal(path: Path) -> Reading:
    """Read a journal; an empty reading where there is none.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Reading()
    if not data.startswith(HEAD):
        return Reading(rest=len(data), torn=bool(data) and HEAD.startswith(data))
    records: list[Record] = []
    place = len(HEAD)
    while (end := _end(data, place)) is not None:
        record = _parse(data[place + _FRAME.size : end])
        if record is None:
            break
        records.append(record)
        place = end
    # Nothing whole follows an unfinished record, because nothing was written after it.
    torn = place < len(data) and not _goes_on(data, place + 1)
    return Reading(tuple(records), place, len(data) - place, torn)


def _goes_on(data: bytes, place: int) -> bool:
    while (place := data.find(_MARK, place)) >= 0:
        if _end(data, place) is not None:
            return True
        place += 1
    return False


def _end(data: bytes, place: int) -> int | None:
    if place + _FRAME.size > len(data):
        return None
    mark, length, checksum = _FRAME.unpack_from(data, place)
    start = place + _FRAME.size
    end = start + length
    whole = mark == _MARK and end <= len(data) and zlib.crc32(memoryview(data)[start:end]) == checksum
    return end if whole else None


def _parse(payload: bytes) -> Record | None:
    line, _, body = payload.partition(b"\n")
    try:
        facts = parse_json(line)
    except ValueError:
        return None
    return Record(facts, body) if isinstance(facts, dict) else None
