"""Solving with Hessian-vector products against dense matrices."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_unlearn.operators.lissa import hessian_product, largest_curvature, lissa


def make_matrix(smallest: float = 0.5, largest: float = 4.0, d: int = 6) -> Tensor:
    basis, _ = torch.linalg.qr(torch.randn(d, d, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    return basis @ torch.diag(torch.linspace(smallest, largest, d, dtype=torch.float64)) @ basis.T


def vector(seed: int = 1, d: int = 6) -> Tensor:
    return torch.randn(d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_it_comes_to_the_dense_inverse() -> None:
    matrix, right = make_matrix(), vector()
    *_, solved = lissa(lambda v: matrix @ v, right, 5.0, 300)
    torch.testing.assert_close(solved, torch.linalg.solve(matrix, right), rtol=1e-9, atol=1e-9)


def test_every_term_resolves_as_much_as_stated() -> None:
    matrix, right, scale = make_matrix(), vector(), 5.0
    values, basis = torch.linalg.eigh(matrix)
    for depth, solved in enumerate(lissa(lambda v: matrix @ v, right, scale, 20), 1):
        expected = basis @ ((1 - (1 - values / scale) ** (depth + 1)) / values * (basis.T @ right))
        torch.testing.assert_close(solved, expected)


def test_a_negative_curvature_is_borne_where_the_damping_is_larger() -> None:
    matrix, right = make_matrix(smallest=-0.5), vector()
    damped = matrix + 1.0 * torch.eye(6, dtype=torch.float64)
    *_, solved = lissa(lambda v: damped @ v, right, 6.0, 400)
    torch.testing.assert_close(solved, torch.linalg.solve(damped, right), rtol=1e-8, atol=1e-8)


def test_fresh_batches_average_out() -> None:
    matrix, right = make_matrix(), vector()
    random = torch.Generator().manual_seed(3)

    def noisy(v: Tensor) -> Tensor:
        noise = torch.randn(6, 6, generator=random, dtype=torch.float64)
        return (matrix + 0.1 * (noise + noise.T)) @ v

    runs = [list(lissa(noisy, right, 6.0, 60))[-1] for _ in range(200)]
    exact = torch.linalg.solve(matrix, right)
    one, all_of_them = (runs[0] - exact).norm(), (torch.stack(runs).mean(dim=0) - exact).norm()
    assert all_of_them < 0.05 * exact.norm()
    assert all_of_them < one


def test_the_largest_curvature_is_that_of_the_dense_matrix_whatever_its_sign() -> None:
    for matrix in (make_matrix(), -make_matrix()):
        assert largest_curvature(lambda v, m=matrix: m @ v, vector(), 200) == pytest.approx(4.0, rel=1e-6)
    assert largest_curvature(lambda v: 0 * v, vector(), 5) == 0


def test_the_product_is_that_of_the_dense_hessian() -> None:
    weights, along = vector(4).view(2, 3), vector(5).view(2, 3)

    def loss(w: Tensor) -> Tensor:
        return (w.exp() * w.roll(1, dims=1)).sum() + (w**3).prod()

    dense = torch.autograd.functional.hessian(loss, weights).view(6, 6)
    torch.testing.assert_close(hessian_product(loss, weights, along).flatten(), dense @ along.flatten())
    assert not weights.requires_grad
