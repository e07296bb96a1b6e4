"""Tests of leakage before and after, on the same images."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.leakage import leakage_difference, s_global


def _models(images, seed=0, size=8):
    """A model that paints artefacts as lesion, and one that errs as often without looking at them."""
    rng = np.random.default_rng(seed)
    shape = (images, size, size)
    lesion, spurious = rng.random(shape) < 0.5, rng.random(shape) < 0.4
    before = lesion | (spurious & (rng.random(shape) < 0.6))
    after = lesion | (rng.random(shape) < 0.24)
    return spurious, lesion.astype(int), before.astype(int), after.astype(int)


def test_it_is_the_difference_of_the_two_models():
    spurious, truth, before, after = _models(60)
    difference = leakage_difference(spurious, truth, before, after, resamples=30, seed=4)
    for got, prediction in ((difference.before, before), (difference.after, after)):
        alone = s_global(spurious, truth, prediction, resamples=30, seed=4)
        assert (got.value, got.normalised) == (alone.value, alone.normalised)
    assert difference.value == pytest.approx(difference.after.normalised - difference.before.normalised)
    assert difference.per_class[1][0] == pytest.approx(difference.value)


@pytest.mark.parametrize("estimator", ["plug-in", "miller-madow", "permutation-null", "pooled"])
def test_a_shortcut_that_is_gone_is_seen(estimator):
    difference = leakage_difference(*_models(100), estimator=estimator, resamples=200)
    assert difference.low <= difference.value <= difference.high < -0.02
    assert difference.note == ""


def test_it_is_sharper_than_two_models_on_their_own():
    spurious, truth, before, _ = _models(80)
    nearly = before.copy()
    nearly[:, 0] = truth[:, 0]
    paired = leakage_difference(spurious, truth, before, nearly, resamples=200)
    assert paired.high < 0
    assert paired.high - paired.low < (paired.before.high - paired.before.low)


def test_a_model_does_not_differ_from_itself():
    spurious, truth, before, _ = _models(30)
    same = leakage_difference(spurious, truth, before, before, resamples=50)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_a_model_that_predicts_nothing_is_no_success():
    spurious, truth, before, _ = _models(60)
    gone = leakage_difference(spurious, truth, before, 0 * before, resamples=50)
    assert gone.value == -gone.before.normalised
    assert "predicts no lesion any more" in gone.note
    back = leakage_difference(spurious, truth, 0 * before, before, resamples=50)
    assert back.value == back.after.normalised
    assert "before predicts no lesion" in back.note
    never = leakage_difference(spurious, truth, 0 * before, 0 * before, resamples=50)
    assert (never.value, never.low, never.high) == (0, 0, 0)
    assert "nothing to leak from" in never.note


def test_a_prediction_that_shrank_is_noted():
    spurious, truth, before, after = _models(100)
    after[:, 3:] = 0
    assert "of the area" in leakage_difference(spurious, truth, before, after, resamples=5).note


def test_errors_name_the_fault():
    spurious, truth, before, after = _models(5)
    with pytest.raises(ValueError, match="prediction"):
        leakage_difference(spurious, truth, before, after[:2])
    with pytest.raises(ValueError, match="'percentile'"):
        leakage_difference(spurious, truth, before, after, interval="percentile")
    with pytest.raises(ValueError, match="permutations must be 0 or more, but it is -1"):
        leakage_difference(spurious, truth, before, after, permutations=-1)
