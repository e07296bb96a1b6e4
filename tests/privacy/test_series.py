"""Tests of the geometric sum."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.privacy.series import geometric_sum


@given(st.floats(0.01, 1), st.integers(1, 60))
def test_it_is_the_sum(ratio, terms):
    expected = math.fsum(ratio**power for power in range(terms))
    assert geometric_sum(math.log(ratio), terms) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("gap", [0.0, 1e-18, 1e-12])
def test_a_ratio_close_to_one_loses_no_digits(gap):
    assert geometric_sum(math.log1p(-gap), 1000) == pytest.approx(1000 * (1 - gap * 999 / 2), rel=1e-14)
