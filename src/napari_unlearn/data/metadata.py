"""Tables from disk: UTF-8 text with a header line, separated by comma, semicolon or tab."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.data.limits import open_file
from napari_unlearn.errors import UserError

LARGEST = 64 * 2**20


@dataclass(frozen=True)
class Table:
    """A table as text.

    Attributes
    ----------
    path : Path
        Where it came from, for sentences about it.
    columns : tuple of str
        Column names, trimmed.
    rows : tuple of dict
        Cell by column name, trimmed; "" where a line ends early.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]


def read_table(path: Path, *, columns: Sequence[str] | None = None) -> Table:
    """Read a table.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of str, optional
        Column names of a file without a header line.

    Returns
    -------
    Table
        All of it.

    Raises
    ------
    UserError
        The file cannot be read, is not UTF-8 or no table, names a column twice, or has a line longer than its header.
    """
    text = read_text(path)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    rows: list[dict[str, str]] = []
    names = tuple(columns or ())
    try:
        for cells in lines:
            trimmed = [cell.strip() for cell in cells]
            if not any(trimmed):
                continue
            if not names:
                names = _header(path, trimmed)
                continue
            if len(trimmed) > len(names) and any(trimmed[len(names) :]):
                message = (
                    f"{path} has {len(trimmed)} cells in line {lines.line_num}, but {len(names)} columns; "
                    "put cells that hold a separator in quotes."
                )
                raise UserError(message)
            trimmed += [""] * (len(names) - len(trimmed))
            rows.append(dict(zip(names, trimmed, strict=False)))
    except csv.Error as error:
        raise UserError(
            f"{path} is not a table in line {lines.line_num} ({error}); save it again as CSV UTF-8."
        ) from error
    if not names:
        raise UserError(f"{path} has no header line; its first line names the columns.")
    return Table(path, names, tuple(rows))


def read_text(path: Path) -> str:
    """UTF-8 text, with or without a byte order mark.

    Raises
    ------
    UserError
        The file cannot be read, is too large, or is not UTF-8.
    """
    with open_file(path, LARGEST) as stream:
        data = stream.read()
    if b"\0" in data:
        raise UserError(f"{path} is not UTF-8 text (it holds a zero byte); save it as 'CSV UTF-8'.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{path} is not UTF-8 text (byte 0x{data[error.start]:02x} in line {line}); save it as 'CSV UTF-8'."
        raise UserError(message) from error


def _header(path: Path, cells: list[str]) -> tuple[str, ...]:
    # Spreadsheets leave empty columns at the end.
    while cells and not cells[-1]:
        cells.pop()
    known: set[str] = set()
    for cell in cells:
        if cell in known:
            raise UserError(f"{path} names the column {cell[:60]!r} more than once; rename one of them.")
        known.add(cell)
    return tuple(cells)


def _separator(text: str) -> str:
    line = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=line.count)
