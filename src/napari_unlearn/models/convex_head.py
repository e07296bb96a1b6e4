"""The training problem of the head: strongly convex, so that its minimum is unique and distance to it is measurable.

F(W) = sum_i a_i CE(W x_i, y_i) / sum_i a_i + (strength / 2) ||W||^2, with x_i standardised features ending in a
constant 1 and every entry of W regularised. F is `strength`-strongly convex, hence ||W - W*|| <= ||grad F(W)|| /
strength for any W (operators of tier 2 rest on this inequality).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_BLOCK = 16384  # rows turned to float64 at a time: 16384 x 1452 x 8 bytes is 190 MB
_ROUNDING = 1e-12  # relative; what the order of a sum over a million pixels can change


@dataclass(frozen=True, eq=False)
class PixelSet:
    """Pixels with a label and a weight.

    Attributes
    ----------
    features : ndarray of float32, shape (n, F + 1)
        Standardised features ending in a constant 1.
    labels : ndarray of int64, shape (n,)
        Class ids.
    weights : ndarray of float64, shape (n,)
        How much a pixel counts; positive.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class NewtonStep:
    """State after one Newton iteration.

    Attributes
    ----------
    weights : ndarray of float64, shape (K + 1, F + 1)
        Current solution.
    loss : float
        F at the current solution, nats.
    residual : float
        Norm of its gradient, recomputed in float64 over all pixels.
    """

    weights: NDArray[np.float64]
    loss: float
    residual: float


class ConvexProblem:
    """F for given pixels.

    Parameters
    ----------
    pixels : PixelSet
        What to fit.
    classes : int
        Number of classes, background included.
    strength : float
        Strong convexity; > 0.
    """

    def __init__(self, pixels: PixelSet, classes: int, strength: float) -> None:
        if strength <= 0:
            raise ValueError(f"The strength of the regularisation must be positive, not {strength}.")
        if not len(pixels):
            raise ValueError("There is no pixel to fit.")
        self.classes = classes
        self.strength = strength
        self._x = torch.from_numpy(pixels.features)
        self._y = torch.from_numpy(pixels.labels)
        self._a = torch.from_numpy(pixels.weights / pixels.weights.sum())

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the weights, (K + 1, F + 1)."""
        return self.classes, self._x.shape[1]

    def loss_and_gradient(self, weights: Tensor) -> tuple[float, Tensor]:
        """F and its gradient in float64, over every pixel.

        Parameters
        ----------
        weights : Tensor of float64, shape (K + 1, F + 1)
            Where to evaluate.

        Returns
        -------
        loss : float
        gradient : Tensor of float64, shape (K + 1, F + 1)
        """
        loss = 0.5 * self.strength * float((weights * weights).sum())
        gradient = self.strength * weights
        for x, y, a in self._blocks():
            x = x.double()
            logits = x @ weights.T
            log_p = torch.log_softmax(logits, dim=1)
            loss -= float((a * log_p.gather(1, y[:, None])[:, 0]).sum())
            error = log_p.exp()
            error[torch.arange(len(y)), y] -= 1
            gradient = gradient + (error * a[:, None]).T @ x
        return loss, gradient

    def residual(self, weights: NDArray[np.float64]) -> float:
        """Norm of the gradient at `weights`, float64, a full pass."""
        return float(self.loss_and_gradient(torch.from_numpy(weights))[1].norm())

    def newton(self, start: NDArray[np.float64], iterations: int, tolerance: float) -> Iterator[NewtonStep]:
        """Newton's method with conjugate gradients, safeguarded by halving the step.

        Parameters
        ----------
        start : ndarray of float64, shape (K + 1, F + 1)
            Any starting point.
        iterations : int
            At most so many Newton steps.
        tolerance : float
            Stop once the norm of the gradient is not above it.

        Yields
        ------
        NewtonStep
            The start itself, then one a Newton step; the last one is the solution.
        """
        weights = torch.from_numpy(start.copy())
        loss, gradient = self.loss_and_gradient(weights)
        yield NewtonStep(weights.numpy().copy(), loss, float(gradient.norm()))
        for _ in range(iterations):
            norm = float(gradient.norm())
            if norm <= tolerance:
                return
            direction = self._solve(weights, -gradient, relative=min(0.1, norm**0.5))
            slope = float((gradient * direction).sum())
            scale = 1.0
            while True:
                candidate = weights + scale * direction
                new_loss, new_gradient = self.loss_and_gradient(candidate)
                # Close to the minimum differences of F drown in rounding; a smaller gradient then decides.
                level = new_loss <= loss + _ROUNDING * max(1.0, loss) and float(new_gradient.norm()) < norm
                if new_loss <= loss + 1e-4 * scale * slope or level or scale < 1e-8:
                    break
                scale /= 2
            if scale < 1e-8:
                return
            weights, loss, gradient = candidate, new_loss, new_gradient
            yield NewtonStep(weights.numpy().copy(), loss, float(gradient.norm()))

    def _solve(self, weights: Tensor, right: Tensor, relative: float) -> Tensor:
        """Approximate H^-1 `right` by preconditioned conjugate gradients."""
        probabilities = torch.cat([torch.softmax(x @ weights.float().T, dim=1) for x, _, _ in self._blocks()])
        a = self._a.float()
        solution = torch.zeros_like(right)
        rest = right.clone()
        z = self._precondition(rest)
        search = z.clone()
        rz = float((rest * z).sum())
        target = relative * float(right.norm())
        for _ in range(200):
            curved = self._hessian(probabilities, a, search)
            step = rz / float((search * curved).sum())
            solution += step * search
            rest -= step * curved
            if float(rest.norm()) <= target:
                break
            z = self._precondition(rest)
            previous, rz = rz, float((rest * z).sum())
            search = z + (rz / previous) * search
        return solution

    def _hessian(self, probabilities: Tensor, a: Tensor, direction: Tensor) -> Tensor:
        # Single precision is enough for a search direction; gradient and loss stay in double.
        d = direction.float()
        out = torch.zeros_like(d)
        for start in range(0, len(a), _BLOCK):
            rows = slice(start, start + _BLOCK)
            x, p = self._x[rows], probabilities[rows]
            moved = p * (x @ d.T)
            moved -= p * moved.sum(dim=1, keepdim=True)
            out += (moved * a[rows, None]).T @ x
        return out.double() + self.strength * direction

    def _precondition(self, rest: Tensor) -> Tensor:
        return torch.cholesky_solve(rest.T.contiguous(), self._factor).T

    @cached_property
    def _factor(self) -> Tensor:
        # Boehning's bound: every softmax Hessian is below one half of the weighted second moment, whatever the weights.
        width = self._x.shape[1]
        moment = torch.zeros(width, width)
        for x, _, a in self._blocks():
            moment += x.T @ (x * a[:, None].float())
        bound = 0.5 * moment.double() * (1 - 1 / self.classes)
        bound.diagonal().add_(self.strength + 1e-12 * float(bound.diagonal().mean()))
        factor: Tensor = torch.linalg.cholesky(bound)
        return factor

    def _blocks(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for start in range(0, len(self._a), _BLOCK):
            rows = slice(start, start + _BLOCK)
            yield self._x[rows], self._y[rows], self._a[rows]
