"""Tests of the ranges of numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_unlearn.privacy.ranges import count, non_negative, positive, probability


def test_good_numbers_come_back_as_python_numbers():
    assert type(positive("sigma", np.float32(2))) is float
    assert type(count("steps", np.int64(2))) is int
    assert non_negative("epsilon", 0) == 0
    assert count("removed", 0, least=0) == 0
    assert count("steps", 3.0) == 3
    assert probability("delta", 5e-324) > 0


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_positive_refuses(value):
    with pytest.raises(ValueError, match=f"sigma must be a finite number larger than 0, but it is {value}."):
        positive("sigma", value)


@pytest.mark.parametrize("value", [-1e-300, math.inf, math.nan])
def test_non_negative_refuses(value):
    with pytest.raises(ValueError, match="epsilon must be a finite number, 0 or more"):
        non_negative("epsilon", value)


@pytest.mark.parametrize("value", [0, 1, -0.1, math.nan])
def test_probability_refuses(value):
    with pytest.raises(ValueError, match="delta must lie between 0 and 1"):
        probability("delta", value)


@pytest.mark.parametrize("value", [0, 1.5, math.inf, math.nan])
def test_count_refuses(value):
    with pytest.raises(ValueError, match="steps must be a whole number, 1 or more"):
        count("steps", value)
