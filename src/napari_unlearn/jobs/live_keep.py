"""The job that keeps a state of a live session: a run folder like any other, with certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.files import atomic_json, atomic_write
from napari_unlearn.jobs.events import Done, Event, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.live import LiveState
from napari_unlearn.jobs.run_folder import EVENTS, METRICS, MODEL, new_run, write_certificate
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.unlearn import RunResult


@dataclass(frozen=True, eq=False)
class KeepRequest:
    """What to keep.

    Attributes
    ----------
    state : LiveState
        The state as it was shown.
    out : Path
        Folder of the run; must be new.
    """

    state: LiveState
    out: Path


@guarded
def events(request: KeepRequest, token: Token) -> Iterator[Event]:
    """Write a state as a run.

    Parameters
    ----------
    request : KeepRequest
        What to keep.
    token : Token
        Not looked at; the job takes a moment.

    Yields
    ------
    Event
        `Done` with a `RunResult` comes last.
    """
    state, release = request.state, request.state.release
    yield Progress(0, 0, "Keeping the model")
    with new_run(request.out) as folder:
        record = release.write(folder / MODEL)
        # Whoever kept it has seen all states before it, which is in the certificate; their course is not recorded.
        atomic_write(folder / EVENTS, b"")
        collected = release.collected
        atomic_json(
            folder / METRICS,
            {
                "seconds": state.seconds,
                "live_state": state.state,
                "refined_dice_at_drawn_pixels": state.dice,
                "composed_cases_missing": state.due,
                "retain_pixels": collected.retain_pixels,
                "forget_pixels": collected.forget_pixels,
                "refined_cases": collected.refined,
                "unrefined_cases": collected.unrefined,
                "fine_outside_coarse": collected.outside,
            },
        )
        write_certificate(folder, record)
    yield Done(
        RunResult(
            request.out,
            request.out / MODEL,
            record.to_dict(),
            record.operator,
            record.tier,
            record.epsilon,
            record.delta,
            state.seconds,
            collected.retain_pixels,
            collected.forget_pixels,
        )
    )
