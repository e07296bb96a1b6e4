"""Tests of shuffled artefact maps."""

from __future__ import annotations

import numpy as np

from napari_unlearn.leakage.observations import observe
from napari_unlearn.leakage.shuffle import shuffled_tables, shuffles


def _predicting(classes):
    prediction = np.zeros((len(classes), 2, 2), int)
    for image, class_id in enumerate(classes):
        prediction[image].flat[:3] = class_id
    nothing = np.zeros_like(prediction)
    return observe(nothing, nothing, prediction)


def test_the_main_class_has_most_pixels():
    prediction = np.array([[[0, 0, 0, 1]], [[1, 2, 2, 0]], [[0, 0, 0, 0]]])
    nothing = np.zeros_like(prediction)
    assert observe(nothing, nothing, prediction).main_class().tolist() == [1, 2, 0]


def test_maps_stay_within_their_predicted_class():
    classes = np.array([1, 2, 1, 2, 0, 1])
    orders = shuffles([_predicting(classes)], 50, 0)
    assert len({tuple(order) for order in orders.tolist()}) > 5
    for order in orders:
        assert sorted(order) == list(range(6))
        np.testing.assert_array_equal(classes[order], classes)


def test_with_two_models_they_stay_within_the_classes_of_both():
    first, second = np.array([1, 1, 1, 2]), np.array([1, 2, 1, 2])
    orders = shuffles([_predicting(first), _predicting(second)], 30, 0)
    assert {tuple(order) for order in orders.tolist()} == {(0, 1, 2, 3), (2, 1, 0, 3)}


def test_the_seed_decides():
    images = _predicting(np.ones(9, int))
    one, same, other = (shuffles([images], 3, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_whole_maps_move():
    rng = np.random.default_rng(0)
    stacks = (rng.random((5, 2, 3)) < 0.5, *rng.integers(0, 2, (2, 5, 2, 3)))
    order = np.array([4, 0, 1, 2, 3])
    moved = observe(*stacks).shuffled(np.stack([np.arange(5), order]))
    np.testing.assert_array_equal(moved.spurious[:, :6], stacks[0].reshape(5, -1))
    np.testing.assert_array_equal(moved.spurious[:, 6:], stacks[0][order].reshape(5, -1))
    np.testing.assert_array_equal(moved.truth[:, 6:], observe(*stacks).truth)
    np.testing.assert_array_equal(moved.prediction[:, 6:], observe(*stacks).prediction)


def test_tables_of_shuffled_maps_are_counted_anew():
    rng = np.random.default_rng(1)
    images = observe(rng.random((21, 3, 4)) < 0.4, *rng.integers(0, 3, (2, 21, 3, 4)))
    orders = np.stack([np.arange(21), rng.permutation(21)])
    np.testing.assert_array_equal(shuffled_tables(images, 2, orders), images.shuffled(orders).tables(2))
