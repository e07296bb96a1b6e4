"""What people write about single cases: a note, and the reason why a case is left out. A small JSON file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_json, parse_json
from napari_unlearn.project.runs import runs_folder

FILE_NAME = "case-notes.json"


@dataclass(frozen=True)
class CaseNote:
    """What is written about a case.

    Attributes
    ----------
    note : str
        For people, "" where there is none.
    excluded : str
        Why the case is left out, "" where it is not.
    """

    note: str = ""
    excluded: str = ""


class CaseNotes:
    """The notes of one project; every change is on disk before it counts.

    Parameters
    ----------
    folder : Path
        The runs folder.

    Raises
    ------
    UserError
        The file is there and cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._notes = _read(self._path)

    def of(self, case_id: str) -> CaseNote:
        """What is written about a case."""
        return self._notes.get(case_id, CaseNote())

    @property
    def excluded(self) -> dict[str, str]:
        """Why each excluded case is left out."""
        return {case_id: each.excluded for case_id, each in self._notes.items() if each.excluded}

    def write(self, case_id: str, note: str) -> bool:
        """Write a note, or delete it when it is empty; False where it is there already.

        Raises
        ------
        UserError
            The disk refuses; nothing has changed then.
        """
        return self._change(case_id, replace(self.of(case_id), note=note.strip()))

    def exclude(self, case_id: str, reason: str) -> bool:
        """Leave a case out; False where it is left out for this reason already.

        Raises
        ------
        UserError
            There is no reason, or the disk refuses; nothing has changed then.
        """
        if not reason.strip():
            raise UserError(f"Say why {case_id} is left out, so that others understand it later.")
        return self._change(case_id, replace(self.of(case_id), excluded=reason.strip()))

    def include(self, case_id: str) -> bool:
        """Let a case take part again; False where it does.

        Raises
        ------
        UserError
            The disk refuses; nothing has changed then.
        """
        return self._change(case_id, replace(self.of(case_id), excluded=""))

    def _change(self, case_id: str, new: CaseNote) -> bool:
        if new == self.of(case_id):
            return False
        notes = {**self._notes, case_id: new}
        notes = {name: each for name, each in notes.items() if each != CaseNote()}
        try:
            atomic_json(self._path, {name: asdict(notes[name]) for name in sorted(notes)})
        except OSError as error:
            raise UserError(
                f"{self._path} cannot be saved ({error.strerror or error}); free some space or check that you may "
                "write there."
            ) from error
        self._notes = notes
        return True


def taking_part(dataset: Path, cases: Sequence[Case]) -> tuple[Case, ...]:
    """Leave out the cases that somebody has excluded.

    Parameters
    ----------
    dataset : Path
        Folder of the data set.
    cases : sequence of Case
        Some of its cases.

    Returns
    -------
    tuple of Case
        The others, in the same order.

    Raises
    ------
    UserError
        The notes cannot be read, so nobody knows which cases to leave out; or every case is excluded.
    """
    excluded = CaseNotes(runs_folder(dataset)).excluded
    left = tuple(case for case in cases if case.id not in excluded)
    if cases and not left:
        raise UserError(f"Every one of the {len(cases)} cases is excluded; include some again before you unlearn.")
    return left


def _read(path: Path) -> dict[str, CaseNote]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); check that you may read it, or restore it.") from error
    try:
        record = parse_json(text)
        return {
            str(case_id): CaseNote(note=str(each.get("note", "")), excluded=str(each.get("excluded", "")))
            for case_id, each in record.items()
        }
    except (ValueError, AttributeError) as error:
        message = (
            f"{path} does not hold notes on cases; restore it, or delete it to start without notes and exclusions."
        )
        raise UserError(message) from error
