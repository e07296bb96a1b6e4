"""Tables of numbers as CSV that no spreadsheet takes for a program."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_write

# Spreadsheets calculate what begins so, also behind a tab or a line break.
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def defused(value: object) -> object:
    """Return a cell that is shown as it is and never calculated.

    Parameters
    ----------
    value : object
        Numbers stay numbers; a text that would be calculated gets an apostrophe in front.

    Returns
    -------
    object

    Examples
    --------
    >>> defused("=1+1"), defused("benign"), defused(-0.5)
    ("'=1+1", 'benign', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_BEGINS_FORMULA) else value


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    path : Path
        Destination; UTF-8, comma, one line a row.
    header : sequence of str
        Names of the columns.
    rows : iterable of sequence
        Texts, numbers, and None for an empty cell.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    for row in (header, *rows):
        writer.writerow(["" if cell is None else defused(cell) for cell in row])
    atomic_write(path, text.getvalue().encode())


METRIC_COLUMNS = ("model", "split", "cases", "measure", "value", "low", "high")


def write_metrics(path: Path, after: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
    """Write what was measured of one model, or of two.

    Parameters
    ----------
    path : Path
        Destination.
    after : mapping
        What ``evaluate --json`` prints of the model.
    before : mapping or None
        The same of the one it is compared with.

    Raises
    ------
    UserError
        The file cannot be written.
    """
    rows = [] if before is None else metric_rows(before, "before")
    try:
        write_table(path, METRIC_COLUMNS, [*rows, *metric_rows(after, "after" if before is not None else "")])
    except OSError as error:
        raise UserError(
            f"{path} cannot be saved ({error.strerror or error}); free some space or check that you may write there."
        ) from error


def metric_rows(evaluation: Mapping[str, Any], model: str) -> list[tuple[object, ...]]:
    """Every number of an evaluation, one a row.

    Parameters
    ----------
    evaluation : mapping
        What ``evaluate --json`` prints.
    model : str
        Which model it is, for the first column.

    Returns
    -------
    list of tuple
        As `METRIC_COLUMNS` says; low and high where there is an interval, no value where nothing could be measured.
    """
    rows: list[tuple[object, ...]] = []
    for name, split in evaluation["splits"].items():
        cases = split["cases"]
        measured = {key: value for key, value in split.items() if key != "cases"}
        rows += [(model, name, cases, *numbers) for numbers in _numbers("", measured)]
    rest = {key: value for key, value in evaluation.items() if key.startswith("shortcut_gap")}
    return rows + [(model, "all", None, *numbers) for numbers in _numbers("", rest)]


def _numbers(name: str, value: object) -> Iterator[tuple[str, object, object, object]]:
    """Name, value, low and high of every number at any depth; an interval is one row with what it is of."""
    if isinstance(value, Mapping):
        within = dict(value)
        if {"low", "high"} <= within.keys():
            centre = next((key for key in ("value", "normalised") if key in within), None)
            interval = _finite(within.pop("low")), _finite(within.pop("high"))
            yield (name, None if centre is None else _finite(within.pop(centre)), *interval)
        for key, part in within.items():
            yield from _numbers(f"{name} {key}".strip(), part)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _numbers(f"{name} {place}", part)
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield name, _finite(value), None, None


def _finite(value: object) -> object:
    return value if isinstance(value, int | float) and math.isfinite(value) else None
