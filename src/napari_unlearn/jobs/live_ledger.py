"""What live sessions have cost: every state that was shown is an attempt, whether it was kept or not.

Beside the runs of a data set lies one small file. A session enters states ahead of showing them, some at a time, and
what it really showed when it ends. One that breaks off is charged a little too much rather than too little. Two
sessions may run at once, in two windows, so that whoever changes the file holds another one meanwhile.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_json, parse_json

LEDGER = "live-states.json"
_HELD = "live-states.lock"
_LONGEST = 5.0  # seconds that a change can take; a file that lies there for longer is of a process that ended in it


def enter(runs: Path, model_in: str, session: str, mu: float, states: int) -> None:
    """Charge a session; an entry of the same session is replaced.

    Parameters
    ----------
    runs : Path
        Folder that holds the runs.
    model_in : str
        Digest of the model in use.
    session : str
        Name of the session.
    mu : float
        Gaussian DP of one state.
    states : int
        How many are charged; 0 takes the entry out.
    """
    with _alone(runs):
        entries = _read(runs)
        entries.pop(session, None)
        if states:
            entries[session] = {"model_in": model_in, "mu": mu, "states": states}
        atomic_json(runs / LEDGER, entries)


def live_costs(runs: Path, model_in: str, but: str = "") -> tuple[float, ...]:
    """What the states that were shown of a model cost.

    Parameters
    ----------
    runs : Path
        Folder that holds the runs.
    model_in : str
        Digest of the model in use.
    but : str
        Name of a session that is left out.

    Returns
    -------
    tuple of float
        mu of each state.

    Raises
    ------
    UserError
        The file is damaged.
    """
    own = [entry for name, entry in _read(runs).items() if entry["model_in"] == model_in and name != but]
    return tuple(entry["mu"] for entry in own for _ in range(entry["states"]))


@contextmanager
def _alone(runs: Path) -> Iterator[None]:
    runs.mkdir(parents=True, exist_ok=True)
    path, waited = runs / _HELD, time.monotonic()
    while True:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() - waited > _LONGEST:
                path.unlink(missing_ok=True)
                waited = time.monotonic()
            time.sleep(0.01)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _read(runs: Path) -> dict[str, dict[str, Any]]:
    path = runs / LEDGER
    if not path.exists():
        return {}
    try:
        entries = parse_json(path.read_text(encoding="utf-8"))
        return {
            name: {"model_in": str(e["model_in"]), "mu": float(e["mu"]), "states": int(e["states"])}
            for name, e in entries.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is damaged, so what live sessions have cost is not known; restore it from a copy, or go on with a "
            "model of which nothing was shown."
        ) from error
