"""Tests of S_global."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.leakage import mutual_information, s_global
from napari_unlearn.leakage.measure import least_images

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))["s_global"]


def _stacks_of(images, tables):
    """Stacks with one row of pixels whose tables, over the images with prediction 1, are the given ones."""
    spurious, truth, prediction = np.zeros((3, images, 1, len(tables)), int)
    for pixel, table in enumerate(tables):
        cells = [(s, y) for s in (0, 1) for y in (0, 1) for _ in range(int(table[s][y]))]
        prediction[: len(cells), 0, pixel] = 1
        spurious[: len(cells), 0, pixel], truth[: len(cells), 0, pixel] = zip(*cells, strict=True)
    return spurious, truth, prediction


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vectors(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    stacks = _stacks_of(inputs["N_images"], inputs["tables_per_pixel_class1"])
    plug_in = s_global(*stacks, estimator="plug-in", resamples=10)
    corrected = s_global(*stacks, resamples=10)
    assert plug_in.value == pytest.approx(outputs["S_global_plugin"], rel=1e-9)
    assert plug_in.normalised == pytest.approx(outputs["normalised_plugin"], rel=1e-9)
    assert plug_in.expected_pixels == pytest.approx(outputs["expected_predicted_pixels"], rel=1e-9)
    assert corrected.value == pytest.approx(outputs["S_global_mm"], rel=1e-9)


def _random(images, size, classes, seed):
    rng = np.random.default_rng(seed)
    shape = (images, size, size)
    return rng.random(shape) < 0.3, rng.integers(0, classes, shape), rng.integers(0, classes, shape)


def _by_the_definition(spurious, truth, prediction, class_id, estimator):
    images, height, width = truth.shape
    result = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            here = [
                (s[row, column], t[row, column])
                for s, t, p in zip(spurious, truth, prediction, strict=True)
                if p[row, column] == class_id
            ]
            if len(here) < least_images(images):
                continue
            table = [[here.count((s, y)) for y in np.unique(truth)] for s in (False, True)]
            result[row, column] = len(here) / images * mutual_information(table, estimator)
    return result


@pytest.mark.parametrize("estimator", ["plug-in", "miller-madow"])
@pytest.mark.parametrize("seed", range(3))
def test_maps_and_sums_follow_the_definition(estimator, seed):
    stacks = _random(9, 3, 3, seed)
    estimate = s_global(*stacks, estimator=estimator, resamples=20)
    assert list(estimate.maps) == list(estimate.per_class) == [1, 2]
    for class_id, got in estimate.maps.items():
        expected = _by_the_definition(*stacks, class_id, estimator)
        np.testing.assert_allclose(got, expected, atol=1e-12)
        assert estimate.per_class[class_id] == pytest.approx(expected.sum(), abs=1e-12)
    largest = estimate.max_class
    assert estimate.value == max(estimate.per_class.values()) == estimate.per_class[largest]
    assert estimate.map is estimate.maps[largest]
    predicted = stacks[2] == largest
    kept = predicted & (predicted.sum(axis=0) >= least_images(9))
    assert estimate.expected_pixels == pytest.approx(np.mean(np.sum(kept, axis=(1, 2))))
    assert estimate.left_out == pytest.approx(1 - kept.sum() / predicted.sum())
    assert estimate.normalised == pytest.approx(estimate.value / estimate.expected_pixels)
    assert (estimate.estimator, estimate.images) == (estimator, 9)


def _lesions(images, shortcut, seed, size=24):
    """Lesions, half of them with a ruler; a model that took a shortcut paints the ruler as class 2."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    spurious, truth, prediction = (np.zeros((images, size, size), np.uint8) for _ in range(3))
    for image in range(images):
        class_id = rng.integers(1, 3)
        radius, middle = rng.uniform(4, 8), size / 2 + rng.normal(0, 2, 2)
        lesion = (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 < radius**2
        truth[image][lesion] = prediction[image][lesion] = class_id
        if rng.random() < 0.5:
            ruler = abs(rows - rng.uniform(2, size - 2)) < 2
            spurious[image][ruler] = 1
            if shortcut:
                prediction[image][ruler] = 2
    return spurious, truth, prediction


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_shortcut_is_clearly_positive(seed):
    estimate = s_global(*_lesions(120, True, seed), resamples=200)
    assert estimate.normalised > 0.02
    assert estimate.low > 0
    assert estimate.value_low > 0
    assert estimate.max_class == 2
    assert estimate.note == ""


def _unrelated(seed):
    rng = np.random.default_rng(seed)
    shape = (300, 10, 10)
    truth = rng.integers(0, 2, shape)
    prediction = np.where(rng.random(shape) < 0.5, truth, rng.integers(0, 2, shape))
    return rng.random(shape) < 0.4, truth, prediction


@pytest.mark.parametrize("seed", range(3))
def test_predictions_that_ignore_the_artefact_leak_nothing(seed):
    corrected, plug_in = (
        s_global(*_unrelated(seed), estimator=name, interval="basic", resamples=100)
        for name in ("miller-madow", "plug-in")
    )
    assert abs(corrected.normalised) < 0.0015
    assert plug_in.normalised > 0.003
    assert corrected.low < 0 < corrected.high


@pytest.mark.parametrize("interval", ["studentised", "basic", "bca"])
def test_intervals_hold_nothing_where_there_is_nothing(interval):
    estimates = [s_global(*_unrelated(seed), interval=interval, resamples=100) for seed in range(20)]
    # 19 of 20 are meant to; 17 or fewer would be a sign of intervals that are too narrow.
    assert sum(estimate.low < 0 < estimate.high for estimate in estimates) >= 18


@pytest.mark.parametrize("estimator", ["plug-in", "miller-madow"])
def test_the_interval_holds_the_estimate(estimator):
    for stacks in (_lesions(40, True, 5), _lesions(40, False, 5), _random(25, 8, 3, 5)):
        estimate = s_global(*stacks, estimator=estimator, resamples=50)
        assert estimate.low <= estimate.normalised <= estimate.high
        assert estimate.value_low <= estimate.value <= estimate.value_high


def test_the_interval_covers_what_many_images_say():
    truth = s_global(*_lesions(4000, True, 99, size=16), resamples=1).normalised
    estimates = [s_global(*_lesions(60, True, seed, size=16), resamples=100) for seed in range(40)]
    covered = sum(estimate.low <= truth <= estimate.high for estimate in estimates)
    assert covered >= 32
    assert np.mean([estimate.high - estimate.low for estimate in estimates]) < 2 * truth


def test_the_p_value_tells_a_shortcut_from_chance():
    assert s_global(*_lesions(60, True, 0, size=12), resamples=100).p_value == pytest.approx(1 / 101)
    rng = np.random.default_rng(0)
    unrelated = [
        s_global(rng.random((40, 4, 4)) < 0.4, *rng.integers(0, 2, (2, 40, 4, 4)), resamples=40).p_value
        for _ in range(40)
    ]
    assert 0.3 < np.mean(unrelated) < 0.7
    assert min(unrelated) >= 1 / 41


def test_there_is_no_p_value_without_shuffles_or_prediction():
    stacks = _random(30, 4, 2, 0)
    assert s_global(*stacks, resamples=50, permutations=0).p_value is None
    assert s_global(*stacks, resamples=10).p_value is None
    assert s_global(stacks[0], stacks[1], 0 * stacks[2], resamples=50).p_value is None


def test_the_place_of_images_in_the_stack_is_no_matter_of_chance():
    stacks = _lesions(30, True, 2, size=12)
    assert s_global(*stacks, resamples=1).p_value is None
    assert s_global(*stacks, resamples=1, permutations=20).p_value == pytest.approx(1 / 21)


@pytest.mark.parametrize("estimator", ["plug-in", "miller-madow", "permutation-null", "pooled"])
def test_what_lesion_and_background_add_is_the_whole(estimator):
    estimate = s_global(*_lesions(60, True, 3, size=16), estimator=estimator, resamples=1)
    assert estimate.inside + estimate.outside == pytest.approx(estimate.normalised)
    assert estimate.inside > 0
    assert estimate.outside > 0
    assert estimate.meaning


def test_where_everything_is_lesion_nothing_comes_from_outside():
    rng = np.random.default_rng(0)
    truth = rng.integers(1, 3, (60, 4, 4))
    estimate = s_global(truth == 1, truth, np.ones_like(truth), resamples=1)
    assert estimate.outside == pytest.approx(0, abs=1e-12)
    assert estimate.inside > 0.5


def test_every_class_has_its_interval():
    estimate = s_global(*_lesions(60, True, 1, size=16), resamples=60)
    for class_id, (value, low, high) in estimate.per_class_normalised.items():
        assert low <= value <= high
        assert (value == estimate.normalised) == (class_id == estimate.max_class)
    assert estimate.per_class_normalised[2] == (estimate.normalised, estimate.low, estimate.high)


@pytest.mark.parametrize("interval", ["studentised", "basic", "bca"])
def test_both_intervals_are_told_apart_by_name(interval):
    estimate = s_global(*_lesions(40, True, 1, size=12), interval=interval, resamples=60)
    assert estimate.interval == interval
    assert estimate.low < estimate.normalised < estimate.high


def test_a_model_without_error_leaks_nothing():
    estimate = s_global(*_lesions(40, False, 5), resamples=50)
    assert (estimate.value, estimate.low, estimate.high) == (0, 0, 0)


def test_the_seed_decides_the_interval_and_nothing_else():
    stacks = _lesions(30, True, 1)
    one, same, other = (s_global(*stacks, resamples=50, seed=seed) for seed in (1, 1, 2))
    assert (one.low, one.high) == (same.low, same.high)
    assert one.value == other.value
    assert (one.low, one.high) != (other.low, other.high)


def test_order_of_images_and_place_of_pixels_do_not_matter():
    stacks = _random(20, 5, 3, 0)
    moved = [stack[::-1, ::-1].transpose(0, 2, 1) for stack in stacks]
    one, other = s_global(*stacks, resamples=5), s_global(*moved, resamples=5)
    assert one.value == pytest.approx(other.value, abs=1e-12)
    np.testing.assert_allclose(one.map[::-1].T, other.map, atol=1e-12)


def test_a_model_that_predicts_nothing_leaks_nothing_and_says_so():
    spurious, truth, _ = _random(30, 4, 3, 0)
    estimate = s_global(spurious, truth, np.zeros_like(truth), resamples=5)
    assert (estimate.value, estimate.normalised, estimate.low, estimate.high) == (0, 0, 0, 0)
    assert estimate.max_class is None
    assert estimate.expected_pixels == 0
    assert not estimate.map.any()
    assert estimate.per_class == {1: 0.0, 2: 0.0}
    assert "predicts no lesion" in estimate.note


def test_all_background_is_a_model_that_predicts_nothing():
    nothing = np.zeros((3, 2, 2), int)
    assert s_global(nothing, nothing, nothing, resamples=5).value == 0


def test_a_class_that_is_never_predicted_does_not_win_over_a_negative_one():
    spurious, truth, prediction = _stacks_of(100, [[[25, 25], [25, 25]]])
    estimate = s_global(spurious, truth, prediction, classes=[1, 2], resamples=5)
    assert estimate.max_class == 1
    assert estimate.value == pytest.approx(-1 / 200)
    assert estimate.per_class[2] == 0


def test_classes_can_be_chosen():
    stacks = _random(25, 4, 4, 0)
    assert list(s_global(*stacks, classes=(3, 1), resamples=5).per_class) == [1, 3]


def test_few_images_are_noted():
    assert "Only 5 images" in s_global(*_random(5, 3, 2, 0), resamples=5).note
    sparse = s_global(*_random(60, 3, 14, 0), resamples=5)
    assert "fewer than 6 images" in sparse.note


def test_a_pixel_with_few_images_is_left_out():
    spurious, truth, prediction = _stacks_of(200, [[[30, 5], [5, 10]], [[9, 0], [0, 10]]])
    estimate = s_global(spurious, truth, prediction, resamples=5)
    assert estimate.map[0, 1] == 0
    assert estimate.value == pytest.approx(50 / 200 * mutual_information([[30, 5], [5, 10]]))
    assert estimate.left_out == pytest.approx(19 / 69)


def test_nothing_predicted_often_enough_is_said():
    estimate = s_global(*_stacks_of(200, [[[9, 0], [0, 10]]]), resamples=5)
    assert (estimate.value, estimate.left_out) == (0, 0)
    assert "enough images" in estimate.note


def test_one_image_tells_nothing():
    estimate = s_global(*_random(1, 3, 3, 0), resamples=5)
    assert (estimate.value, estimate.low, estimate.high) == (0, 0, 0)


def test_errors_name_the_fault():
    stacks = _random(3, 2, 2, 0)
    with pytest.raises(ValueError, match="0 is among them"):
        s_global(*stacks, classes=[0, 1])
    with pytest.raises(ValueError, match="resamples must be 1 or more, but it is 0"):
        s_global(*stacks, resamples=0)
    with pytest.raises(ValueError, match="'jackknife'"):
        s_global(*stacks, estimator="jackknife")
    with pytest.raises(ValueError, match="truth"):
        s_global(stacks[0], stacks[1][:2], stacks[2])
