"""The factored curvature against the dense matrix."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_unlearn.models import curvature
from napari_unlearn.models.curvature import Curvature


def pixels(n: int = 60, width: int = 5, classes: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(4)
    features = torch.from_numpy(rng.normal(size=(n, width))).float()
    shares = torch.softmax(torch.from_numpy(rng.normal(size=(n, classes))), dim=1).float()
    return features, shares, torch.from_numpy(rng.random(n) / n).float()


def dense(features: Tensor, shares: Tensor, weights: Tensor, strength: float) -> Tensor:
    """The matrix written down pixel by pixel, for a head flattened class by class."""
    size = shares.shape[1] * features.shape[1]
    matrix = strength * torch.eye(size, dtype=torch.float64)
    for x, p, a in zip(features.double(), shares.double(), weights.double(), strict=True):
        matrix += a * torch.kron(torch.diag(p) - torch.outer(p, p), torch.outer(x, x))
    return matrix


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_it_solves_with_the_dense_matrix(classes: int) -> None:
    parts = pixels(classes=classes)
    right = torch.from_numpy(np.random.default_rng(5).normal(size=(classes, 5)))
    expected = torch.linalg.solve(dense(*parts, 0.05), right.ravel()).view(classes, 5)
    torch.testing.assert_close(Curvature(*parts, 0.05).solve(right), expected, rtol=1e-4, atol=1e-5)


def test_where_all_classes_agree_there_is_only_the_regulariser() -> None:
    right = torch.arange(5, dtype=torch.float64).expand(3, 5)
    torch.testing.assert_close(Curvature(*pixels(), 0.25).solve(right), right / 0.25)


def test_a_matrix_too_wide_is_solved_direction_by_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    right = torch.from_numpy(np.random.default_rng(6).normal(size=(3, 5)))
    whole = Curvature(*pixels(), 0.05).solve(right)
    monkeypatch.setattr(curvature, "_WIDEST", 9)
    parts = Curvature(*pixels(), 0.05)
    first = parts.solve(right)
    assert not torch.allclose(first, whole, rtol=1e-3)
    # Still symmetric and positive, which conjugate gradients need.
    other = torch.from_numpy(np.random.default_rng(7).normal(size=(3, 5)))
    assert float((first * other).sum()) == pytest.approx(float((parts.solve(other) * right).sum()))
    assert float((first * right).sum()) > 0


def test_with_two_classes_there_is_one_direction_and_nothing_to_leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
    right = torch.from_numpy(np.random.default_rng(8).normal(size=(2, 5)))
    whole = Curvature(*pixels(classes=2), 0.05).solve(right)
    monkeypatch.setattr(curvature, "_WIDEST", 1)
    torch.testing.assert_close(Curvature(*pixels(classes=2), 0.05).solve(right), whole)


def test_fewer_pixels_than_features_and_next_to_no_regulariser_are_factored_all_the_same() -> None:
    parts = pixels(n=6, width=40)
    solved = Curvature(parts[0] * 100, *parts[1:], 1e-8).solve(torch.ones(3, 40, dtype=torch.float64).cumsum(0))
    assert bool(torch.isfinite(solved).all())
