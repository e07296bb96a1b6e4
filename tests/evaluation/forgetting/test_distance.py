"""Distances of models."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.evaluation.forgetting.distance import prediction_distance, prediction_matrix, weight_distance
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.head import PixelHead

ONE = np.array([[1.0, 0, 0], [0.2, 0.8, 0], [0, 0, 1]])
OTHER = np.array([[0.0, 1, 0], [0.2, 0.8, 0], [0, 0.5, 0.5]])


def test_predictions_are_as_far_apart_as_probability_has_to_be_moved() -> None:
    assert prediction_distance(ONE, OTHER) == pytest.approx((1 + 0 + 0.5) / 3)
    assert prediction_distance(ONE, ONE) == 0


def test_the_matrix_counts_what_became_of_each_class() -> None:
    assert prediction_matrix(ONE, OTHER, 3).tolist() == [[0, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert prediction_matrix(ONE, ONE, 3).tolist() == np.eye(3, dtype=int).tolist()


def test_weights_that_are_doubled_are_half_their_length_away(model: Path, unet: Path) -> None:
    first = load_segmenter(model)
    head = PixelHead(2 * first.head.weights, first.head.standardiser, first.head.channels)
    doubled = dataclasses.replace(first, head=head)
    assert weight_distance(first, doubled) == pytest.approx(0.5)
    assert weight_distance(first, first) == 0
    network = load_segmenter(unet)
    assert weight_distance(network, network) == 0
    assert weight_distance(first, network) is None
