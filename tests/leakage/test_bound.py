"""Tests of what a certificate implies for leakage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.leakage.bound import leakage_bound, pixel_bound, total_variation
from napari_unlearn.leakage.information import counted_information


def _entropy(p):
    return -np.sum(p[p > 0] * np.log(p[p > 0]))


@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 1 / np.e), st.integers(2, 4))
def test_no_two_models_that_close_differ_by_more(seed, tau, classes):
    rng = np.random.default_rng(seed)
    joint = rng.dirichlet(np.full(2 * classes, 0.5)).reshape(2, classes)
    reference = rng.random((2, classes))
    moved = np.clip(reference + tau * rng.choice([-1, 1], reference.shape), 0, 1)
    leaks = [counted_information((joint * chance)[..., None], "plug-in")[0] for chance in (reference, moved)]
    entropies = np.array([_entropy(joint) + _entropy(joint.sum(0)) + _entropy(joint.sum(1))])
    assert abs(leaks[0] - leaks[1]) <= pixel_bound(tau, entropies)[0] + 1e-12
    assert max(leaks) <= min(_entropy(joint.sum(0)), _entropy(joint.sum(1))) + 1e-12


@given(st.floats(0, 20), st.floats(0, 1))
def test_the_total_variation_is_the_known_one(epsilon, delta):
    expected = (np.exp(epsilon) - 1 + 2 * delta) / (np.exp(epsilon) + 1)
    assert total_variation(epsilon, delta) == pytest.approx(expected, abs=1e-12)
    assert total_variation(10_000, delta) == 1


def test_agreement_for_each_class_alone_bounds_nothing():
    """S and Y fair coins; a model that says whether they are equal looks like a coin for each Y."""
    joint = np.full((2, 2), 0.25)
    coin, equal = np.full((2, 2), 0.5), np.eye(2)
    np.testing.assert_array_equal((joint * coin).sum(axis=0), (joint * equal).sum(axis=0))
    leaks = [counted_information((joint * chance)[..., None], "plug-in")[0] / 0.5 for chance in (coin, equal)]
    assert leaks == pytest.approx([0, np.log(2)])


def test_the_bound_is_a_sum_over_pixels_and_capped():
    rng = np.random.default_rng(0)
    spurious, truth = rng.random((50, 3, 4)) < 0.3, rng.integers(0, 3, (50, 3, 4))
    tight = leakage_bound(0.001, 1e-6, spurious, truth)
    loose = leakage_bound(1.0, 1e-6, spurious, truth)
    expected = 0.0
    for row in range(3):
        for column in range(4):
            s, y = spurious[:, row, column], truth[:, row, column]
            joint = np.array([[np.mean((s == artefact) & (y == k)) for k in range(3)] for artefact in (0, 1)])
            entropies = _entropy(joint) + _entropy(joint.sum(0)) + _entropy(joint.sum(1))
            tau = tight.total_variation
            expected += 4 * tau * np.log(1 / tau) + tau * entropies
    assert tight.value == pytest.approx(expected)
    assert tight.per_pixel == pytest.approx(expected / 12)
    assert not tight.vacuous
    assert loose.vacuous
    assert loose.value == loose.most == tight.most


def test_an_exact_certificate_leaves_no_difference():
    stacks = np.random.default_rng(0).integers(0, 2, (2, 9, 2, 2))
    assert leakage_bound(0, 0, *stacks).value == 0


@pytest.mark.parametrize(("numbers", "word"), [((-1, 0), "epsilon"), ((np.nan, 0), "epsilon"), ((1, 2), "delta")])
def test_numbers_that_make_no_sense_are_refused(numbers, word):
    with pytest.raises(ValueError, match=word):
        total_variation(*numbers)
