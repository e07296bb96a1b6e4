"""Files that are either whole or not there: write a new one, flush it to disk, rename it into place."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from napari_unlearn.leftovers import clear, unfinished_name


def atomic_write(path: Path, data: bytes, *, flush: bool = True) -> None:
    """Replace `path` by `data`, or leave it exactly as it was.

    Parameters
    ----------
    path : Path
        Destination; its folder is created when missing.
    data : bytes
        The whole new content.
    flush : bool
        Whether to wait until it is on the disk. Otherwise a power cut may leave anything in its place, which is for
        whoever reads it to find out.

    Raises
    ------
    OSError
        The disk is full or the folder cannot be written; `path` is then unchanged.
    """
    atomic_writes(path.parent, {path.name: data}, flush=flush)


def atomic_writes(folder: Path, contents: Mapping[str, bytes], *, flush: bool = True) -> None:
    """Replace files that belong together, or leave all of them as they were.

    Parameters
    ----------
    folder : Path
        Created when missing.
    contents : mapping of str to bytes
        By file name; renamed into place in this order once all of them are on the disk.
    flush : bool
        See `atomic_write`.

    Raises
    ------
    OSError
        The disk is full or the folder cannot be written; no file is changed then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clear(folder)
    # Not tempfile: its files are closed to everybody else, and the way to open them up is not safe between threads.
    made = {folder / unfinished_name(): folder / name for name in contents}
    try:
        for (new, path), data in zip(made.items(), contents.values(), strict=True):
            with _about(path), new.open("xb") as stream:
                stream.write(data)
                if flush:
                    stream.flush()
                    os.fsync(stream.fileno())
        for new, path in made.items():
            with _about(path):
                new.replace(path)
    except BaseException:
        for new in made:
            with contextlib.suppress(OSError):
                new.unlink()
        raise
    if flush:
        _sync_folder(folder)


@contextlib.contextmanager
def _about(path: Path) -> Iterator[None]:
    # A disk that is full does not say for which file, and the name of the new one says nothing to anybody.
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def atomic_json(path: Path, value: object) -> None:
    """Write `value` as indented UTF-8 JSON, whole or not at all; NaN and infinity are refused.

    Parameters
    ----------
    path : Path
        Destination.
    value : object
        Anything `json` can express without NaN.

    Raises
    ------
    ValueError
        `value` holds NaN or infinity, which JSON cannot express.
    """
    atomic_write(path, json_bytes(value))


def json_bytes(value: object) -> bytes:
    """`value` as indented UTF-8 JSON.

    Raises
    ------
    ValueError
        `value` holds NaN or infinity, which JSON cannot express.
    """
    return (json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode()


def parse_json(text: str | bytes) -> Any:
    """What a JSON text says; for files that may come from anybody.

    Raises
    ------
    ValueError
        It is no JSON, or is nested so deeply that Python cannot read it.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def is_folder(path: Path) -> bool:
    """Whether there is a folder; the name may come from anybody, and be one that no system knows."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def sha256_bytes(data: bytes) -> str:
    """Hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hexadecimal SHA-256 of the content of `path`, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    # Without this the rename itself may be lost in a power cut. Windows cannot open folders, and some network drives
    # cannot flush them: the new file is in place by now, so that is no failure.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
