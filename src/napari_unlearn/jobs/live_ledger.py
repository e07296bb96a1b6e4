"""What live sessions have cost: every state that was shown is an attempt, whether it was kept or not.

Beside the runs of a data set lies one small file. A session enters states ahead of showing them, some at a time, and
what it really showed when it ends. One that breaks off is charged a little too much rather than too little. Two
sessions may run at once, in two windows, so that whoever changes the file holds another one meanwhile. So does a run
from the moment it asks what others have cost until others can see what it cost itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_json, parse_json
from napari_unlearn.project.lock import ProjectLock

LEDGER = "live-states.json"
_HELD = "live-states.lock"
_MOST = 1_000_000  # states of a session, a hundred times what one divides its budget among
_LONGEST = 120.0  # seconds of waiting for somebody else, who needs one or two


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
    with alone(runs):
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
def alone(runs: Path) -> Iterator[None]:
    """Keep everybody else from charging anything meanwhile; whoever was killed meanwhile keeps nobody.

    Parameters
    ----------
    runs : Path
        Folder that holds the runs; made when missing.

    Raises
    ------
    UserError
        Somebody else does not come to an end.
    """
    lock, waited = ProjectLock(runs, _HELD), time.monotonic()
    while not lock.take():
        if time.monotonic() - waited > _LONGEST:
            where = "" if lock.holder is None else f" by process {lock.holder.pid} on {lock.holder.host}"
            raise UserError(
                f"What runs in {runs} have cost is being written{where} and this does not end; wait for that program, "
                f"or delete {lock.path} where it no longer runs."
            )
        time.sleep(0.01)
    try:
        yield
    finally:
        lock.release()


def _read(runs: Path) -> dict[str, dict[str, Any]]:
    path = runs / LEDGER
    if not path.exists():
        return {}
    try:
        entries = parse_json(path.read_text(encoding="utf-8"))
        found: dict[str, dict[str, Any]] = {
            name: {"model_in": str(e["model_in"]), "mu": float(e["mu"]), "states": int(e["states"])}
            for name, e in entries.items()
        }
        # A cost that is no number would spoil the account, and states without end would fill the memory.
        if not all(0 <= e["mu"] < math.inf and 0 < e["states"] <= _MOST for e in found.values()):
            raise ValueError("A cost is out of range.")
        return found
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UserError(
            f"{path} is damaged, so what live sessions have cost is not known; restore it from a copy, or go on with a "
            "model of which nothing was shown."
        ) from error
