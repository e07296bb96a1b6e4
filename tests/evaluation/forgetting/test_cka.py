"""Linear CKA."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.evaluation.forgetting.cka import linear_cka


def features(seed: int, width: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(3, 1, (50, width))


def test_it_is_the_alignment_of_centred_kernels() -> None:
    x, y = features(0), features(1, 4)
    y[:, 0] += x[:, 1]
    centre = np.eye(50) - 1 / 50
    k, other = (centre @ z @ z.T @ centre for z in (x, y))
    expected = (k * other).sum() / np.sqrt((k * k).sum() * (other * other).sum())
    assert linear_cka(x, y) == pytest.approx(expected)


def test_turning_scaling_and_moving_changes_nothing() -> None:
    x = features(0)
    turn, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))
    assert linear_cka(x, 3 * x @ turn + 7) == pytest.approx(1)


def test_features_that_have_nothing_in_common_are_far_from_one() -> None:
    rng = np.random.default_rng(0)
    assert linear_cka(rng.normal(size=(5000, 3)), rng.normal(size=(5000, 3))) == pytest.approx(0, abs=0.01)
    assert linear_cka(np.ones((5, 2)), features(0)[:5]) is None
