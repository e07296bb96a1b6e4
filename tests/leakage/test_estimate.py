"""Tests of the record that leakage is reported as."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_unlearn.leakage import Estimate, s_global


def test_an_estimate_is_not_changed_after_the_fact():
    ones = np.ones((2, 1, 1), int)
    estimate = s_global(ones, ones, ones, resamples=1)
    assert isinstance(estimate, Estimate)
    with pytest.raises(dataclasses.FrozenInstanceError):
        estimate.value = 0.0
