"""Where the runs of a data set live: DATASET/unlearn-runs/<time>-<operator>, one folder each, never overwritten.

They are the history of a project: what was run, from which model, with which guarantee, and what was measured of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from napari_unlearn.files import atomic_json, is_folder, parse_json

FOLDER_NAME = "unlearn-runs"


def runs_folder(dataset: Path) -> Path:
    """Folder that holds every run of the data set at `dataset`, and the session file."""
    return dataset / FOLDER_NAME


def new_run(dataset: Path, operator: str, now: datetime | None = None) -> Path:
    """Name a folder for a run that starts now; nothing is created.

    Parameters
    ----------
    dataset : Path
        Data set folder.
    operator : str
        Name of the operator, as it stands in the registry.
    now : datetime, optional
        Local time of the start; the clock's by default.

    Returns
    -------
    Path
        A folder that does not exist yet.
    """
    stamp = (now or datetime.now()).strftime("%Y%m%d-%H%M%S")
    first = runs_folder(dataset) / f"{stamp}-{operator}"
    folder, attempt = first, 2
    while folder.exists():
        folder, attempt = first.with_name(f"{first.name}-{attempt}"), attempt + 1
    return folder


@dataclass(frozen=True)
class RunRecord:
    """A finished run, as far as a list of runs needs to know it.

    Attributes
    ----------
    folder : Path
        Where it is.
    created : str
        When it ended, as the certificate says: ISO 8601.
    operator, tier, status : str
        What was run, the kind of guarantee and the stamp of the certificate.
    epsilon, delta : float or None
        The guarantee; None for an empirical run.
    seconds : float or None
        Wall clock, None where the run did not say.
    request : mapping or None
        What was asked for, see `jobs.unlearn`; None for runs that were not started by themselves, such as live ones.
    measured : Measured or None
        Numbers of the model, if they were measured.
    """

    folder: Path
    created: str
    operator: str
    tier: str
    status: str
    epsilon: float | None
    delta: float | None
    seconds: float | None
    request: Mapping[str, Any] | None
    measured: Measured | None

    @property
    def model(self) -> Path:
        """Its revised model."""
        return self.folder / "model"

    @property
    def base(self) -> Path | None:
        """The model that it started from, if that was kept and is still there."""
        path = None if self.request is None else Path(str(self.request.get("model")))
        return path if path is not None and is_folder(path) else None


@dataclass(frozen=True)
class Measured:
    """What was measured of a model, and when.

    Attributes
    ----------
    when : str
        ISO 8601.
    before : str or None
        Folder of the model that was measured beside it.
    numbers : mapping
        What ``evaluate --json`` prints.
    """

    when: str
    before: str | None
    numbers: Mapping[str, Any]


def list_runs(folder: Path) -> list[RunRecord]:
    """Read every run of a project, the newest first; a folder that is no run or cannot be read is left out.

    Parameters
    ----------
    folder : Path
        `runs_folder` of a data set.

    Returns
    -------
    list of RunRecord
    """
    found = [read_run(path.parent) for path in folder.glob("*/certificate.json")]
    return sorted((run for run in found if run is not None), key=lambda run: run.created, reverse=True)


def read_run(folder: Path) -> RunRecord | None:
    """Read one run.

    Parameters
    ----------
    folder : Path
        Folder of the run.

    Returns
    -------
    RunRecord or None
        None where the folder is no run or cannot be read.
    """
    try:
        record = parse_json((folder / "certificate.json").read_bytes())
        metrics = _metrics(folder)
        return RunRecord(
            folder,
            str(record["created"]),
            str(record["operator"]),
            str(record["tier"]),
            str(record.get("status", record["tier"])),
            record["epsilon"],
            record["delta"],
            metrics.get("seconds"),
            metrics.get("request"),
            read_measured(folder),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep_measured(run: Path, numbers: Mapping[str, Any], before: Path | None, now: datetime | None = None) -> None:
    """Keep what was measured of the model of a run, beside the run, whose own files never change.

    Parameters
    ----------
    run : Path
        Folder of the run.
    numbers : mapping
        What ``evaluate --json`` prints.
    before : Path or None
        The model that was measured beside it.
    now : datetime, optional
        When; the clock's time by default.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    when = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    record = {"when": when, "before": None if before is None else str(before), "numbers": numbers}
    atomic_json(_measured_file(run), record)


def read_measured(run: Path) -> Measured | None:
    """Read what was measured of the model of a run.

    Parameters
    ----------
    run : Path
        Folder of the run.

    Returns
    -------
    Measured or None
        None where nothing was measured, or where the file cannot be read: it can be measured again.
    """
    try:
        record = parse_json(_measured_file(run).read_bytes())
        measured = Measured(str(record["when"]), record["before"], record["numbers"])
        return measured if "splits" in measured.numbers else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _measured_file(run: Path) -> Path:
    return run.with_name(f"{run.name}.numbers.json")


def _metrics(folder: Path) -> dict[str, Any]:
    try:
        record = parse_json((folder / "metrics.json").read_bytes())
        known = record if isinstance(record, dict) else {}
        return {name: value for name, value in known.items() if name != "request" or isinstance(value, dict)}
    except (OSError, ValueError):
        return {}
