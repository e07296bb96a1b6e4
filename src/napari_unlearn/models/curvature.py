"""The curvature of the head's objective, factored: an approximate inverse that makes conjugate gradients short.

The Hessian of the softmax loss of a pixel is (diag(p) - p p^T) x x^T. What is the same for all classes changes no
share, so along it there is only the regulariser, and the factor needs the other K directions of the classes alone.
"""

from __future__ import annotations

import torch
from torch import Tensor

_WIDEST = 4096  # rows of a matrix that is still factored as a whole


class Curvature:
    """Cholesky factor of sum_i a_i (diag(p_i) - p_i p_i^T) x_i x_i^T + strength.

    Where that matrix would be too wide, what couples its class directions is left out.

    Parameters
    ----------
    features : Tensor of float32, shape (n, F + 1)
        Pixels, all of them or a sample.
    shares : Tensor of float32, shape (n, K + 1)
        Their class shares p.
    weights : Tensor of float32, shape (n,)
        Their weights a.
    strength : float
        Of the regulariser.
    """

    def __init__(self, features: Tensor, shares: Tensor, weights: Tensor, strength: float) -> None:
        classes, width = shares.shape[1], features.shape[1]
        self._strength = strength
        self._basis = _contrasts(classes)
        directions = self._basis.float()
        means = shares @ directions.T

        def block(k: int, other: int) -> Tensor:
            curve = weights * (shares @ (directions[k] * directions[other]) - means[:, k] * means[:, other])
            return features.T @ (features * curve[:, None])

        if (classes - 1) * width > _WIDEST:
            self._factors = [_factor(block(k, k), strength) for k in range(classes - 1)]
            return
        whole = torch.empty(classes - 1, width, classes - 1, width)
        for k in range(classes - 1):
            for other in range(k + 1):
                whole[k, :, other] = whole[other, :, k] = block(k, other)
        self._factors = [_factor(whole.reshape((classes - 1) * width, -1), strength)]

    def solve(self, right: Tensor) -> Tensor:
        """Inverse of the matrix times `right`.

        Parameters
        ----------
        right : Tensor of float64, shape (K + 1, F + 1)
            What to solve for.

        Returns
        -------
        Tensor of float64, shape (K + 1, F + 1)
        """
        parts = (self._basis @ right).reshape(len(self._factors), -1, 1)
        solved = torch.cat(
            [torch.cholesky_solve(part, factor) for part, factor in zip(parts, self._factors, strict=True)]
        )
        out: Tensor = self._basis.T @ solved.reshape(len(self._basis), -1) + right.mean(dim=0) / self._strength
        return out


def _contrasts(classes: int) -> Tensor:
    """Orthonormal directions of the classes that sum to zero, (K, K + 1)."""
    first = torch.cat([torch.ones(classes, 1), torch.eye(classes)[:, 1:]], dim=1).double()
    contrasts: Tensor = torch.linalg.qr(first).Q[:, 1:].T.contiguous()
    return contrasts


def _factor(matrix: Tensor, strength: float) -> Tensor:
    wide = matrix.double()
    trace = float(wide.trace())
    wide.diagonal().add_(strength)
    # Sums in single precision leave eigenvalues below about 1e-7 of the whole in doubt.
    for doubt in (1e-7, 1e-5):
        wide.diagonal().add_(doubt * trace)
        factor: Tensor
        factor, failed = torch.linalg.cholesky_ex(wide)
        if not failed:
            return factor
    wide.diagonal().add_(1e-3 * trace)
    factor = torch.linalg.cholesky(wide)
    return factor
