"""The table of a benchmark on disk: one CSV that only grows, a whole line at a time. Imports no torch."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from napari_unlearn.benchmark.row import COLUMNS, Row, Trial
from napari_unlearn.errors import UserError


class Results:
    """Rows on disk and in memory.

    Lines are added by one write and flushed to the disk, so that a run that is killed leaves whole lines and at most
    one torn one at the end, which the next run takes off.

    Parameters
    ----------
    path : Path
        The file; it need not exist yet.

    Raises
    ------
    UserError
        The file is something else, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = {row.trial: row for row in _rows(path)}

    @property
    def rows(self) -> list[Row]:
        """All of them, in the order they were first measured."""
        return list(self._rows.values())

    def __contains__(self, trial: Trial) -> bool:
        """Whether it was measured already."""
        return trial in self._rows

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows that belong together.

        Parameters
        ----------
        rows : sequence of Row
            They appear in the file in this order; all of them, or, if the program is killed, the first ones.

        Raises
        ------
        UserError
            The file cannot be written.
        """
        text = io.StringIO(newline="")
        lines = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as stream:
                if whole := _whole(self.path):
                    stream.truncate(whole)
                else:
                    stream.truncate(0)
                    lines.writeheader()
                lines.writerows(row.cells() for row in rows)
                stream.write(text.getvalue().encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UserError(f"{self.path} cannot be written ({reason}); name a file in a folder with room.") from error
        self._rows |= {row.trial: row for row in rows}


def _whole(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    return path.read_bytes().rfind(b"\n") + 1


def _rows(path: Path) -> list[Row]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{path} cannot be read ({reason}); name a file for the table.") from error
    wrong = f"{path} is not a table of this benchmark; name another file, or one that does not exist yet."
    try:
        if ",".join(COLUMNS).encode().startswith(content):
            return []  # nothing yet, or killed while the first line was written
        lines = csv.DictReader(io.StringIO(content[: content.rfind(b"\n") + 1].decode(), newline=""), strict=True)
        if tuple(lines.fieldnames or ()) != COLUMNS:
            raise UserError(wrong)
        return [Row.from_cells(line) for line in lines]
    except (ValueError, TypeError, KeyError, csv.Error) as error:
        raise UserError(wrong) from error
