"""Solve (H + lambda I) u = g with products of H and a vector alone (LiSSA, Agarwal, Bullins and Hazan 2017).

    v_0 = g,   v_j = v_{j-1} + g - (H_j + lambda I) v_{j-1} / scale,   u ~ v_depth / scale

H_j is the Hessian of a fresh batch. The sum converges where scale is above the norm of every H_j + lambda I and
lambda is above minus the smallest eigenvalue; a direction of curvature c is solved up to (1 - c / scale)^(depth + 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

Product = Callable[[Tensor], Tensor]


def hessian_product(loss: Callable[[Tensor], Tensor], weights: Tensor, vector: Tensor) -> Tensor:
    """Hessian of `loss` at `weights` times `vector`, by differentiating twice.

    Parameters
    ----------
    loss : callable
        Weights to a scalar.
    weights, vector : Tensor
        Of one shape.

    Returns
    -------
    Tensor
        Of the same shape.
    """
    leaf = weights.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(leaf), leaf, create_graph=True)
    (product,) = torch.autograd.grad(gradient, leaf, grad_outputs=vector)
    return product


def largest_curvature(product: Product, start: Tensor, iterations: int) -> float:
    """Norm of a symmetric operator by power iteration: a lower bound that soon is close.

    Parameters
    ----------
    product : callable
        The operator; the same one in every call.
    start : Tensor
        Any vector that is not orthogonal to the leading one; drawn at random, as a rule.
    iterations : int
        At least 1.

    Returns
    -------
    float
    """
    vector = start / start.norm()
    norm = 0.0
    for _ in range(iterations):
        vector = product(vector)
        norm = float(vector.norm())
        if norm == 0:
            return 0.0
        vector = vector / norm
    return norm


def lissa(product: Product, right: Tensor, scale: float, depth: int) -> Iterator[Tensor]:
    """Approximate (H + lambda I)^-1 `right`, better with every item.

    Parameters
    ----------
    product : callable
        v to (H_j + lambda I) v, on a fresh batch at every call.
    right : Tensor
        g.
    scale : float
        Above the norm of every H_j + lambda I.
    depth : int
        Items to give.

    Yields
    ------
    Tensor
        v_j / scale for j = 1, 2, ...
    """
    vector = right
    for _ in range(depth):
        vector = vector + right - product(vector) / scale
        yield vector / scale
