"""Tests of the images that leakage is measured on."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.leakage.observations import observe

GOOD = np.zeros((4, 2, 3), np.uint8)


def test_tables_count_images_with_the_prediction():
    rng = np.random.default_rng(0)
    spurious, truth, prediction = (
        rng.random((30, 2, 3)) < 0.4,
        rng.choice([0, 2, 5], (30, 2, 3)),
        rng.integers(0, 3, (30, 2, 3)),
    )
    observations = observe(spurious, truth, prediction)
    tables = observations.tables(2)
    assert tables.shape == (2, 3, 6)
    assert observations.true_classes.tolist() == [0, 2, 5]
    for artefact in (0, 1):
        for index, class_id in enumerate((0, 2, 5)):
            expected = np.sum((spurious == artefact) & (truth == class_id) & (prediction == 2), axis=0)
            np.testing.assert_array_equal(tables[artefact, index], expected.reshape(-1))


def test_ones_and_zeros_are_true_and_false():
    spurious = np.array([[[0, 1]]])
    assert observe(spurious, spurious, spurious).spurious.tolist() == [[False, True]]


def test_some_pixels_only():
    spurious = np.arange(12).reshape(2, 2, 3) % 2
    part = observe(spurious, spurious, spurious).at(np.array([1, 5]))
    assert part.spurious.tolist() == [[True, True], [True, True]]
    assert part.images == 2


@pytest.mark.parametrize(
    ("replaced", "sentence"),
    [
        ({"truth": GOOD[:, :, :2]}, r"spurious and truth must have the same shape.*\(4, 2, 3\).*\(4, 2, 2\)"),
        ({"prediction": GOOD[0]}, r"prediction must be a stack of images.*\(2, 3\)"),
        ({"spurious": GOOD[:0]}, r"spurious must be a stack of images.*\(0, 2, 3\)"),
        ({"prediction": GOOD + 0.5}, "prediction must hold whole numbers, but its type is float64"),
        ({"truth": GOOD.astype(int) - 1}, "truth must hold numbers from 0 upwards, but it contains -1"),
        ({"spurious": GOOD + 4}, r"spurious must hold true and false .* but it contains 4"),
        ({"truth": np.arange(300).reshape(1, 1, 300), "prediction": None, "spurious": None}, "at most 256 classes"),
    ],
)
def test_errors_name_the_mismatch(replaced, sentence):
    stacks = {"spurious": GOOD, "truth": GOOD, "prediction": GOOD} | replaced
    filler = np.zeros((1, 1, 300), np.uint8)
    with pytest.raises(ValueError, match=sentence):
        observe(**{name: filler if stack is None else stack for name, stack in stacks.items()})
