"""What `metrics.json` and `events.jsonl` of a run hold."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from napari_unlearn.jobs.events import Event


def run_metrics(finished: Any) -> dict[str, Any]:
    """Sum up a finished run.

    Parameters
    ----------
    finished : object
        Of `jobs.unlearn`: problem, revision and counts.

    Returns
    -------
    dict
        What JSON can express.
    """
    import numpy as np

    problem, revision = finished.collected.problem, finished.revision

    def loss(weights: Any) -> float | None:
        # The same draw for each, where a draw is needed, so that they can be compared.
        value = float(problem.loss_and_gradient(weights, np.random.default_rng(0))[0])
        return value if math.isfinite(value) else None

    return {
        "seconds": finished.seconds,
        "retain_pixels": finished.collected.retain_pixels,
        "forget_pixels": finished.collected.forget_pixels,
        "refined_cases": finished.collected.refined,
        "unrefined_cases": finished.collected.unrefined,
        "forgotten_cases": len(withdrawal.cases) if (withdrawal := finished.collected.withdrawal) else 0,
        "left_out_cases": finished.left_out_cases,
        "excluded_cases": finished.excluded_cases,
        "dropped_maps": len(set(finished.collected.maps)),
        "fine_outside_coarse": finished.collected.outside,
        "retain_loss": {
            "before": loss(problem.original),
            "after": loss(revision.weights),
            "same_recipe_from_public_start": None if revision.reference is None else loss(revision.reference),
        },
        "stopped": revision.stopped,
        "weights_moved": float(np.linalg.norm(revision.weights - problem.original)),
    }


def plain(event: Event) -> dict[str, Any]:
    """Turn an event into what JSON can express.

    Parameters
    ----------
    event : Event
        Any.

    Returns
    -------
    dict
    """
    values = {"event": type(event).__name__.lower(), **dataclasses.asdict(event)}
    # JSON has no NaN and no infinity; a curve that left the numbers has a gap there.
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
