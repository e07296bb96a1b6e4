"""What is kept of a run beside its model; that a run has it is shown in test_unlearn.py."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from napari_unlearn.jobs.events import Metric, Note
from napari_unlearn.jobs.run_metrics import plain, run_metrics


def test_an_event_becomes_what_json_can_express() -> None:
    assert plain(Note("Said.")) == {"event": "note", "sentence": "Said."}
    lost = plain(Metric("loss", 3, math.inf))
    assert (lost["event"], lost["value"]) == ("metric", None)
    json.dumps(lost, allow_nan=False)


def test_losses_and_the_way_the_weights_went_are_told() -> None:
    problem = SimpleNamespace(
        original=np.array([3.0, 4.0]), loss_and_gradient=lambda weights, rng: (float(weights.sum()), weights)
    )
    collected = SimpleNamespace(
        problem=problem, retain_pixels=5, forget_pixels=2, refined=1, unrefined=2, withdrawal=None, maps=(), outside={}
    )
    revision = SimpleNamespace(weights=np.zeros(2), reference=None, stopped=None)
    found = run_metrics(
        SimpleNamespace(seconds=1.5, collected=collected, revision=revision, left_out_cases=0, excluded_cases=4)
    )
    assert found["retain_loss"] == {"before": 7.0, "after": 0.0, "same_recipe_from_public_start": None}
    assert found["weights_moved"] == pytest.approx(5.0)
    assert (found["seconds"], found["excluded_cases"], found["forgotten_cases"]) == (1.5, 4, 0)
