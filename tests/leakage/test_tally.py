"""Tests of counting images as they go by."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from napari_unlearn.leakage import Tally, difference_of, estimate_leakage, leakage_difference, s_global

KINDS = {"any": 3, "ruler": 1, "ink": 2}


def _stacks(images=60, size=6, seed=0):
    """Flags, truth and prediction; the model paints rulers as class 2."""
    rng = np.random.default_rng(seed)
    shape = (images, size, size)
    ruler, ink = rng.random(shape) < 0.3, rng.random(shape) < 0.2
    truth = rng.integers(0, 3, shape)
    prediction = np.where(rng.random(shape) < 0.7, truth, rng.integers(0, 3, shape))
    prediction = np.where(ruler & (rng.random(shape) < 0.6), 2, prediction)
    return tuple(stack.astype(np.uint8) for stack in (ruler + 2 * ink, truth, prediction))


def _counted(flags, truth, prediction):
    tally = Tally(flags.shape[1:], 3, KINDS)
    for image in zip(flags, truth, prediction, strict=True):
        tally.add(*image)
    return tally


@pytest.mark.parametrize("estimator", ["plug-in", "miller-madow", "permutation-null", "pooled"])
@pytest.mark.parametrize("kind", KINDS)
def test_counted_images_give_the_numbers_of_kept_ones(estimator, kind):
    stacks = _stacks()
    options = {"classes": (1, 2), "estimator": estimator, "resamples": 40, "seed": 3}
    counted = estimate_leakage(_counted(*stacks).of(kind), **options)
    kept = s_global((stacks[0] & KINDS[kind]) > 0, *stacks[1:], **options)
    for name in ("value", "normalised", "low", "high", "value_low", "value_high", "inside", "left_out", "p_value"):
        assert getattr(counted, name) == pytest.approx(getattr(kept, name), rel=1e-6, abs=1e-12), name
    np.testing.assert_allclose(counted.map, kept.map, atol=1e-12)
    assert counted.max_class == kept.max_class
    assert kind == "ink" or counted.max_class == 2


def test_two_models_are_compared_as_if_their_images_were_kept():
    flags, truth, before = _stacks()
    after = np.where(np.random.default_rng(5).random(truth.shape) < 0.9, truth, before)
    counted = difference_of(*(_counted(flags, truth, p).of("any") for p in (before, after)), resamples=40)
    kept = leakage_difference(flags > 0, truth, before, after, resamples=40)
    assert (counted.value, counted.low, counted.high) == pytest.approx((kept.value, kept.low, kept.high), rel=1e-6)


def test_of_large_images_a_lattice_gives_nearly_the_same_interval():
    stacks = [np.repeat(np.repeat(stack, 16, axis=1), 16, axis=2) for stack in _stacks(size=8)]
    counted = estimate_leakage(_counted(*stacks).of("any"), resamples=100)
    kept = s_global(stacks[0] > 0, *stacks[1:], resamples=100)
    assert counted.value == pytest.approx(kept.value)
    assert counted.high - counted.low == pytest.approx(kept.high - kept.low, rel=0.25)


def test_what_is_kept_of_an_image_does_not_grow_with_it():
    tally = Tally((512, 512), 3, {"any": 255})
    image = np.ones((512, 512), np.uint8)
    for _ in range(3):
        tally.add(image, image, image)
    assert sum(part.nbytes for part in tally.sampled(np.arange(tally.lattice.size))) <= 3 * 3 * 4096


def test_an_image_is_kept_in_12_kib_and_small_tables_in_few_blocks_of_memory():
    tally, image = Tally((256, 256), 3, KINDS), np.ones((256, 256), np.uint8)
    tracemalloc.start()
    try:
        before = []
        for done in range(128):
            if done in (16, 64):  # all the room is taken
                before.append((tracemalloc.get_traced_memory()[0], len(tracemalloc.take_snapshot().traces)))
            tally.add(image, image, image)
        after = tracemalloc.get_traced_memory()[0], len(tracemalloc.take_snapshot().traces)
    finally:
        tracemalloc.stop()
    assert (after[0] - before[1][0]) / 64 <= 3 * 4096 + 4 * 4 * 6 + 64
    assert after[1] - before[0][1] < 16


def test_kinds_that_occur_are_known_though_nothing_is_predicted_there():
    tally = Tally((2, 2), 2, KINDS)
    tally.add(np.full((2, 2), 1, np.uint8), np.ones((2, 2), np.uint8), np.zeros((2, 2), np.uint8))
    assert [tally.occurs(kind) for kind in KINDS] == [True, True, False]
    estimate = estimate_leakage(tally.of("ruler"), resamples=5)
    assert (estimate.value, estimate.max_class) == (0, None)
    assert "predicts no lesion" in estimate.note


def test_the_main_class_is_that_of_kept_images():
    prediction = np.array([[[0, 0, 0, 1]], [[1, 2, 2, 0]], [[0, 0, 0, 0]]], np.uint8)
    images = _counted(prediction, prediction, prediction).of("any")
    assert images.main_class().tolist() == [1, 2, 0]
    assert images.predicted_classes.tolist() == [1, 2]


def test_errors_name_the_fault():
    good, other = np.zeros((2, 2), np.uint8), np.full((2, 2), 3, np.uint8)
    tally = Tally((2, 2), 3, KINDS)
    with pytest.raises(ValueError, match=r"truth must have the shape \(2, 2\)"):
        tally.add(good, good[:1], good)
    with pytest.raises(ValueError, match="prediction holds the class 3, but there are 3"):
        tally.add(good, good, other)
    with pytest.raises(ValueError, match="at least one kind"):
        Tally((2, 2), 3, {})
    with pytest.raises(ValueError, match="2 to 255"):
        Tally((2, 2), 1, KINDS)
    tally.add(good, good, good)
    with pytest.raises(ValueError, match="one saw 1 and the other 0"):
        difference_of(tally.of("any"), Tally((2, 2), 3, KINDS).of("any"))
