"""What a project remembers between two openings, beside the masks themselves: a small JSON file in the runs folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_json, is_folder, parse_json

FILE_NAME = "project.json"


@dataclass(frozen=True)
class Session:
    """The remembered part of a project.

    Attributes
    ----------
    in_progress : frozenset of str
        Cases with a fine mask on disk that nobody has called done yet.
    model, previous : Path or None
        The model in use, and the one that *Discard* returns to.
    """

    in_progress: frozenset[str] = frozenset()
    model: Path | None = None
    previous: Path | None = None

    def with_progress(self, case_id: str, unfinished: bool) -> Session:
        """Copy in which `case_id` is, or is no longer, in progress."""
        changed = self.in_progress | {case_id} if unfinished else self.in_progress - {case_id}
        return replace(self, in_progress=frozenset(changed))


def load(folder: Path) -> Session:
    """Read the session kept in `folder`; an empty one where there is none.

    Models that are no longer on disk are forgotten rather than reported: the user may have moved them on purpose.

    Raises
    ------
    UserError
        The file is there and is not a session.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return Session()
    try:
        record = parse_json(path.read_text(encoding="utf-8"))
        in_progress = frozenset(str(case_id) for case_id in record["in_progress"])
        model, previous = (_folder(record.get(key)) for key in ("model", "previous"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} is not a project file of napari-unlearn; delete it to start a new one (no mask is lost)."
        raise UserError(message) from error
    return Session(in_progress, model, previous)


def save(folder: Path, session: Session) -> None:
    """Write `session` into `folder`, whole or not at all.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    record: dict[str, Any] = {
        "in_progress": sorted(session.in_progress),
        "model": None if session.model is None else str(session.model),
        "previous": None if session.previous is None else str(session.previous),
    }
    atomic_json(folder / FILE_NAME, record)


def _folder(name: str | None) -> Path | None:
    return Path(name) if name is not None and is_folder(Path(name)) else None
