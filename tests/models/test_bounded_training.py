"""The record of a training on bounded features."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from napari_unlearn.models.bounded_training import BoundedTraining, NoisySteps, head_digest

STEPS = NoisySteps(10, 100, 0.5, 2.0, 1e-3, 10.0, "somewhere")
TRAINING = BoundedTraining(60, 200, 6.5, 5e-3, 64 * "a", 64 * "b", STEPS)


def test_a_record_survives_a_card() -> None:
    for training in (TRAINING, dataclasses.replace(TRAINING, steps=None)):
        assert BoundedTraining.from_dict(json.loads(json.dumps(dataclasses.asdict(training)))) == training


def test_a_request_is_remembered_together_with_the_head_it_made() -> None:
    weights = np.arange(6.0).reshape(2, 3)
    after = TRAINING.after(weights, 12.5, 30)
    assert after.steps == dataclasses.replace(STEPS, distance=12.5, spent=30)
    assert after == dataclasses.replace(TRAINING, head_sha256=head_digest(weights), steps=after.steps)
    composed = after.after(weights, 20.0, 3, 8)
    assert composed.steps == dataclasses.replace(STEPS, distance=20.0, spent=3, composed=8)
    assert composed.after(weights, 20.0, 3).steps == dataclasses.replace(STEPS, distance=20.0, spent=3)


def test_any_change_of_a_head_changes_its_digest() -> None:
    weights = np.arange(6.0).reshape(2, 3)
    digest = head_digest(weights)
    assert digest == head_digest(np.asfortranarray(weights))
    weights[1, 2] = np.nextafter(weights[1, 2], 9)
    assert digest != head_digest(weights)
