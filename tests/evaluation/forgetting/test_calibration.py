"""Calibration error."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.evaluation.forgetting.calibration import calibration_error


def test_it_is_what_a_table_by_hand_gives() -> None:
    # Two pixels at 0.9 of which one is right, two at 0.6 of which both are: (2 * 0.4 + 2 * 0.4) / 4.
    sure = np.array([[0.1, 0.9], [0.1, 0.9], [0.6, 0.4], [0.6, 0.4]])
    assert calibration_error(sure, np.array([1, 0, 0, 0])) == pytest.approx(0.4)


def test_a_model_that_is_right_as_often_as_it_says_has_none() -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 100_000)
    right = rng.random(sure.size) < sure
    probabilities = np.stack([sure, 1 - sure], axis=1)
    assert calibration_error(probabilities, np.where(right, 0, 1)) < 0.01
    assert calibration_error(probabilities, np.zeros(sure.size, int)) == pytest.approx(0.25, abs=0.01)


def test_full_confidence_counts() -> None:
    certain = np.array([[1.0, 0.0]] * 3)
    assert calibration_error(certain, np.array([0, 0, 0])) == 0
    assert calibration_error(certain, np.array([1, 1, 1])) == 1
