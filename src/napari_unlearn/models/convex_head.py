"""The training problem of the head: strongly convex, so that its minimum is unique and distance to it is measurable.

F(W) = sum_i a_i CE(W x_i, y_i) / sum_i a_i + (strength / 2) ||W||^2, with x_i standardised features ending in a
constant 1 and every entry of W regularised. F is `strength`-strongly convex, hence ||W - W*|| <= ||grad F(W)|| /
strength for any W (operators of tier 2 rest on this inequality).

Most of the way to the minimum is gone on samples of the pixels, and directions are calculated in single precision; loss
and gradient, which decide what is accepted and when the fit ends, always come from every pixel in double precision.
Where several processes work together, each goes over its own part of the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.models.curvature import Curvature
from napari_unlearn.models.pixel_rows import draw, in_threads
from napari_unlearn.models.ranks import own_rows, ranks

T = TypeVar("T")

_BLOCK = 1024  # rows turned to float64 at a time: so few that they are still in the processor's cache when used
_ROUNDING = 1e-12  # relative; what the order of a sum over a million pixels can change
_SAMPLES = (4096, 16384)  # pixels of the problems that are solved first where there are many more
_ROUGH = 3e-3  # relative; what is left of the gradient when a sample has told what it can
_CURVED = 8192  # pixels the curvature is factored from


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
        F at the current solution, nats; where rounding would let it climb, that of the step before.
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
        loss, gradient, _ = self._evaluate(weights)
        return loss, gradient

    def residual(self, weights: NDArray[np.float64]) -> float:
        """Norm of the gradient at `weights`, float64, a full pass."""
        return float(self.loss_and_gradient(torch.from_numpy(weights))[1].norm())

    def newton(self, start: NDArray[np.float64], iterations: int, tolerance: float) -> Iterator[NewtonStep]:
        """Newton's method with conjugate gradients, safeguarded by halving the step.

        Where there are many pixels the first steps go to the minima of samples of them, as long as that lowers F.

        Parameters
        ----------
        start : ndarray of float64, shape (K + 1, F + 1)
            Any starting point.
        iterations : int
            At most so many steps.
        tolerance : float
            Stop once the norm of the gradient is not above it.

        Yields
        ------
        NewtonStep
            The start itself, then one a step; the last one is the solution.
        """
        weights = torch.from_numpy(start.copy())
        loss, gradient, shares = self._evaluate(weights)
        yield NewtonStep(weights.numpy().copy(), loss, float(gradient.norm()))
        samples = [size for size in _SAMPLES if len(self._a) > 4 * size]
        curvature, products = None, 0
        for _ in range(iterations):
            norm = float(gradient.norm())
            if norm <= tolerance or not np.isfinite(norm):
                return
            while samples:
                candidate = self._minimum_of_sample(weights, shares, samples.pop(0), norm, tolerance)
                if candidate is None:
                    continue
                new_loss, new_gradient, new_shares = self._evaluate(candidate)
                if new_loss < loss:
                    break
            else:
                if curvature is None or products > self._patience:
                    curvature = self._curvature(shares)
                relative = max(1e-6, min(0.1, 0.5 * norm**0.5), 0.3 * tolerance / norm)
                direction, products = self._solve(curvature, shares, -gradient, relative)
                slope = float((gradient * direction).sum())
                scale = 1.0
                while True:
                    candidate = weights + scale * direction
                    new_loss, new_gradient, new_shares = self._evaluate(candidate)
                    # Close to the minimum differences of F drown in rounding; a smaller gradient then decides.
                    level = new_loss <= loss + _ROUNDING * max(1.0, loss) and float(new_gradient.norm()) < norm
                    if new_loss <= loss + 1e-4 * scale * slope or level or scale < 1e-8:
                        break
                    scale /= 2
                if scale < 1e-8:
                    return
                # What rounding added is taken off again, so that a curve of F never climbs.
                new_loss = min(loss, new_loss)
            weights, loss, gradient, shares = candidate, new_loss, new_gradient, new_shares
            yield NewtonStep(weights.numpy().copy(), loss, float(gradient.norm()))

    def _evaluate(self, weights: Tensor) -> tuple[float, Tensor, Tensor]:
        """F and its gradient in float64, and the class shares in float32 of the pixels that this process goes over."""
        # Zero where another process goes over them, so that adding up brings all of them together.
        shares = (torch.empty if ranks().count == 1 else torch.zeros)(len(self._a), self.classes)
        turned = weights.T.contiguous()

        def part(rows: slice) -> tuple[float, Tensor]:
            loss, gradient = 0.0, torch.zeros_like(weights)
            room = torch.empty(min(_BLOCK, rows.stop - rows.start), weights.shape[1], dtype=torch.float64)
            for block in _blocks(rows):
                y, a = self._y[block], self._a[block]
                x = room[: len(y)].copy_(self._x[block])
                log_p = torch.log_softmax(x @ turned, dim=1)
                loss -= float(torch.dot(a, log_p.gather(1, y[:, None])[:, 0]))
                error = log_p.exp_()
                shares[block] = error
                error[torch.arange(len(y)), y] -= 1
                gradient.addmm_(error.mul_(a[:, None]).T, x)
            return loss, gradient

        parts = self._in_threads(part)
        entropy = ranks().add(torch.tensor(sum(own for own, _ in parts), dtype=torch.float64))
        gradient = ranks().add(torch.stack([own for _, own in parts]).sum(dim=0))
        loss = 0.5 * self.strength * float((weights * weights).sum()) + float(entropy)
        return loss, self.strength * weights + gradient, shares

    def _in_threads(self, part: Callable[[slice], T]) -> list[T]:
        own = own_rows(len(self._a))
        return in_threads(part, own.stop - own.start, _BLOCK, own.start)

    def _minimum_of_sample(
        self, weights: Tensor, shares: Tensor, size: int, norm: float, tolerance: float
    ) -> Tensor | None:
        """Near the minimum of about `size` pixels; None where so few cannot tell where to go."""
        shares = ranks().add(shares)
        pull = self._a * (shares - torch.nn.functional.one_hot(self._y, self.classes)).norm(dim=1)
        length = float(self._x[:: 1 + len(self._a) // 1024].norm(dim=1).mean())
        # The gradient of a sample is off by about this much.
        if norm < float(pull.sum()) * length / size**0.5:
            return None
        rows, chances = draw(0.6 * pull / pull.sum() + 0.2 * self._curves(shares) + 0.2 * self._a, size)
        pixels = PixelSet(self._x[rows].numpy(), self._y[rows].numpy(), (self._a[rows] / chances).numpy())
        sample = ConvexProblem(pixels, self.classes, self.strength)
        *_, last = sample.newton(weights.numpy(), 30, max(tolerance, _ROUGH * norm))
        return torch.from_numpy(last.weights)

    def _curves(self, shares: Tensor) -> Tensor:
        """Share of every pixel in the curvature."""
        curves = self._a * (1 - shares.square().sum(dim=1)).clamp(min=0)
        return curves / curves.sum().clamp(min=1e-300)

    def _curvature(self, shares: Tensor) -> Curvature:
        if len(self._a) <= _CURVED:
            return Curvature(self._x, ranks().add(shares), self._single, self.strength)
        shares = ranks().add(shares)
        rows, chances = draw(0.9 * self._curves(shares) + 0.1 * self._a, _CURVED)
        return Curvature(self._x[rows], shares[rows], (self._a[rows] / chances).float(), self.strength)

    @property
    def _patience(self) -> float:
        # Products with the Hessian that take as long as a new factor does: one reads all pixels, the other calculates.
        pixels, width = self._x.shape
        return max(8.0, min(pixels, _CURVED) * width * (self.classes - 1) / (32 * pixels))

    @cached_property
    def _single(self) -> Tensor:
        return self._a.float()

    def _solve(self, curvature: Curvature, shares: Tensor, right: Tensor, relative: float) -> tuple[Tensor, int]:
        """Approximate H^-1 `right` by preconditioned conjugate gradients; tell how many products with H it took."""
        solution = torch.zeros_like(right)
        rest = right.clone()
        z = curvature.solve(rest)
        search = z.clone()
        rz = float((rest * z).sum())
        target = relative * float(right.norm())
        products = 0
        while products < 200:
            products += 1
            curved = self._hessian(shares, self._single, search)
            step = rz / float((search * curved).sum())
            solution += step * search
            rest -= step * curved
            if float(rest.norm()) <= target:
                break
            z = curvature.solve(rest)
            previous, rz = rz, float((rest * z).sum())
            search = z + (rz / previous) * search
        return solution, products

    def _hessian(self, probabilities: Tensor, a: Tensor, direction: Tensor) -> Tensor:
        # Single precision is enough for a search direction; gradient and loss stay in double.
        turned = direction.float().T.contiguous()

        def part(rows: slice) -> Tensor:
            out = torch.zeros(direction.shape)
            for block in _blocks(rows):
                x, p = self._x[block], probabilities[block]
                moved = p * (x @ turned)
                moved -= p * moved.sum(dim=1, keepdim=True)
                out.addmm_((moved * a[block, None]).T, x)
            return out

        parts = self._in_threads(part)
        return ranks().add(torch.stack(parts).double().sum(dim=0)) + self.strength * direction


def _blocks(rows: slice) -> Iterator[slice]:
    for start in range(rows.start, rows.stop, _BLOCK):
        yield slice(start, min(start + _BLOCK, rows.stop))
