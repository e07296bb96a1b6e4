"""Tier 3. One Newton step from the old minimum, then noise once (Sekhari et al. 2021).

The head V is the minimum of F(V) = (1 / n P) sum over pixels of CE(V x, y) + (m / 2) ||V||^2 on bounded features. Of
the n P drawn pixels a share rho loses its label (everything inside the coarse mask of a case that nobody refined) or
gets its fine one instead; F_r is F after that. Weights are not rescaled, so that one pixel moves the gradient of F by
at most L / (n P), with L = sqrt(2) r: a removed one by its own gradient, a relabelled one by (e_y' - e_y) x^T. Hence

    ||grad F_r(V)|| <= rho L + e,   ||V - V_r|| <= (rho L + e) / m =: D,

where e bounds ||grad F(V)||, because a minimum is never reached exactly. A Newton step on F_r lands within
(M / 2 m) D^2 of its minimum V_r, with M the Lipschitz constant of the Hessian. For the softmax loss, along U and in
any direction W, the third derivative is the third cumulant E[(u - Eu) (w - Ew)^2] of u = U x and w = W x under the
predicted probabilities, at most (max u - min u) Var(w) <= sqrt(2) |u| |w|^2 / 2, so M = r^3 / sqrt(2). The linear
system is solved up to a residual e as well, which adds e / m. The model compared with never saw the forgotten labels
and takes a step with nothing to remove; it lands within (M / 2 m) (e / m)^2 + e / m. The sum of both is the
sensitivity.

Sekhari et al. bound D by 2 rho L / m, from the values of the objectives; the gradient gives half of that, and so a
quarter of their sensitivity 2 M L^2 rho^2 / m^3. It still grows with the square of rho and the inverse cube of m, so
the step is only of use for few pixels and a strong pull to zero. Where the noise it needs would be longer than any
head the objective allows, sqrt(2 ln(K + 1) / m), it is refused; neither number looks at the head.

Composed cases were not in the training. Their share beta moves the gradient as forgotten labels do, also for the model
compared with, and adds to the Hessian: the two steps land within M (1 + beta) / (2 m) times D^2, with rho + beta and
with beta in place of rho.

Withdrawn cases cannot be forgotten here. Their images had a part in the whitening of the features, and the minimum on
features that are whitened without them is another one; nothing bounds how far it lies.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_unlearn.errors import UserError
from napari_unlearn.models.bounded_fit import mass, objective
from napari_unlearn.models.bounded_pixels import BoundedPixels, FloatArray
from napari_unlearn.operators.bounded_images import BoundedImages, trained_as_recorded
from napari_unlearn.operators.catalogue.certified_convex import NewtonStepSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import newton
from napari_unlearn.privacy.certificate import Assumption
from napari_unlearn.privacy.noise import NoiseSource

_MOST_ITERATIONS = 5000
_BLOCK = 16384
_ROUNDING = 1e-6  # pixels


@dataclass(frozen=True)
class NewtonStep:
    """Check of the old minimum, the step, and one Gaussian."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, NewtonStepSettings)
        assert isinstance(problem, HeadProblem)
        images = problem.bounded
        assert images is not None
        numbers = account(images, problem, budget, settings)
        old = images.on_whitened(problem.original)
        kept = images.pixels
        if images.composed:
            # Behind the images of the training, whose own share of the objective must stay what it was.
            kept = dataclasses.replace(kept, weights=kept.weights * (len(kept) / images.training.images))
        yield Step(0, 2, "Checking that the head is the minimum of its training")
        _require_minimum(images, old, problem.classes, settings.residual)
        yield Step(1, 2, "One Newton step towards the minimum of what may be kept")
        new = newton_step(kept, old, problem.classes, images.training.strong_convexity, tolerance=settings.residual)
        new = new + noise.gaussian(new.shape, numbers["sigma"])
        weights = images.on_standardised(new)
        yield Step(2, 2, "Hiding what is left in noise", weights=weights)
        yield Revision(
            weights,
            "newton-step",
            numbers,
            noise=noise.description,
            noise_certifies=noise.certifies,
            assumptions=(
                trained_as_recorded(images, "bounded"),
                Assumption(
                    "The head in use is the minimum of its training on the coarse masks.",
                    f"The gradient of the whole objective, computed anew, is at most {settings.residual:g}.",
                    True,
                ),
            ),
        )


def account(
    images: BoundedImages, problem: HeadProblem, budget: Budget, settings: NewtonStepSettings
) -> dict[str, float]:
    """The numbers that the certificate records; they depend on where the forget set lies, not on its labels.

    Parameters
    ----------
    images : BoundedImages
        Record of the training and both kinds of labels.
    problem : HeadProblem
        Its shape and classes are read.
    budget : Budget
        What is asked for.
    settings : NewtonStepSettings
        The bound on the gradient.

    Returns
    -------
    dict of str to float

    Raises
    ------
    UserError
        The noise would drown the head.
    """
    convexity, radius = images.training.strong_convexity, images.training.feature_radius
    own = slice(images.training.images)
    changed = (images.pixels.weights[own] == 0) | (images.pixels.labels[own] != images.coarse[own])
    added = math.ceil(images.pixels.weights[images.training.images :].sum() * changed.shape[1] - _ROUNDING)
    bounds = {
        "feature_radius": radius,
        "strong_convexity": convexity,
        "drawn_pixels": changed.size,
        "removed_pixels": int(changed.sum()),
        "added_pixels": added,
        "residual_bound": settings.residual,
    }
    sensitivity = newton.relabelled_sensitivity(**bounds)
    sigma = newton.relabelled_sigma(budget.epsilon, budget.delta, **bounds)
    length, longest = sigma * math.sqrt(problem.original.size), math.sqrt(2 * math.log(problem.classes) / convexity)
    if length > longest:
        composed = f" and composed cases worth {added} to be added" if added else ""
        remedy = "leave composed cases out, " if added else ""
        raise UserError(
            f"{bounds['removed_pixels']} of {changed.size} drawn pixels are to be forgotten at strength {convexity:g}"
            f"{composed}, which needs noise of length {length:.3g}, while no head of this training is longer than "
            f"{longest:.3g}; refine more cases, {remedy}train with a larger strength, or choose residual-head or "
            "exact-refit."
        )
    return {**bounds, "sensitivity": sensitivity, "sigma": sigma}


def newton_step(
    pixels: BoundedPixels, state: FloatArray, classes: int, strong_convexity: float, *, tolerance: float
) -> FloatArray:
    """One Newton step of the objective, its system solved by conjugate gradients in double precision.

    Parameters
    ----------
    pixels : BoundedPixels
        Labels that may be kept.
    state : ndarray of float64, shape (K + 1, F + 1)
        Where the step starts, on whitened features.
    classes : int
        K + 1.
    strong_convexity : float
        m.
    tolerance : float
        Largest norm of what is left of the system, H step + gradient.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    UserError
        The system was not solved that well.
    """
    share = mass(pixels)
    start = torch.from_numpy(state)
    gradient = share * objective(pixels, classes, strong_convexity).loss_and_gradient(start)[1]
    curve = _Curvature(pixels, start, strong_convexity)
    step = torch.zeros_like(start)
    rest = -gradient
    search = rest.clone()
    square = float((rest * rest).sum())
    for _ in range(_MOST_ITERATIONS):
        if math.sqrt(square) <= 0.5 * tolerance:
            break
        curved = curve.along(search)
        length = square / float((search * curved).sum())
        step += length * search
        rest -= length * curved
        previous, square = square, float((rest * rest).sum())
        search = rest + (square / previous) * search
    # The rest that was carried along drifts by rounding; the one that counts is computed anew.
    left = float((curve.along(step) + gradient).norm())
    if not left <= tolerance:
        raise UserError(
            f"The Newton step was solved up to {left:.1e} only instead of {tolerance:.1e}; allow a larger residual."
        )
    return (start + step).numpy()


class _Curvature:
    """Hessian of the objective at one head."""

    def __init__(self, pixels: BoundedPixels, state: Tensor, strong_convexity: float) -> None:
        used = pixels.weights > 0
        self._x = torch.from_numpy(pixels.features[used])
        self._a = torch.from_numpy(pixels.weights[used] / len(pixels))
        self._p = torch.cat([torch.softmax(self._x[rows].double() @ state.T, dim=1) for rows in self._blocks()])
        self._m = strong_convexity

    def along(self, direction: Tensor) -> Tensor:
        """Hessian times a direction."""
        out = self._m * direction
        for rows in self._blocks():
            x, p = self._x[rows].double(), self._p[rows]
            moved = p * (x @ direction.T)
            moved -= p * moved.sum(dim=1, keepdim=True)
            out += (moved * self._a[rows, None]).T @ x
        return out

    def _blocks(self) -> Iterator[slice]:
        for start in range(0, len(self._x), _BLOCK):
            yield slice(start, start + _BLOCK)


def _require_minimum(images: BoundedImages, state: FloatArray, classes: int, residual: float) -> None:
    own = slice(images.training.images)
    coarse = images.coarse[own]
    whole = dataclasses.replace(
        images.pixels,
        features=images.pixels.features[own],
        labels=coarse,
        weights=np.full(coarse.shape, 1 / coarse.shape[1]),
    )
    found = objective(whole, classes, images.training.strong_convexity).residual(state)
    if not found <= residual:
        raise UserError(
            f"The head is not the minimum of its training (gradient {found:.1e} instead of {residual:.1e}), since the "
            "coarse masks or the head were changed; train it again with --method bounded, or choose another operator."
        )


operator = NewtonStep()
