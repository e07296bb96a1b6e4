"""Search for the nearest decision boundary by perturbed signs of the gradient (after Nahass et al. 2025).

    d <- clamp(d + s_t sign(g + lambda_t d + gamma z), reach),   g = grad_x CE(f_0(x + d), y),  z ~ N(0, I)

f_0 stays as it is. The step is s_t = s_1 / sqrt(t); one step with s_1 = reach is the published search. Every pixel
stops at the class that f_0 gives it first once it has left y. Distances are taken in one space throughout: that of the
inputs.

Why perturb (our own argument): E sign(g_i + gamma z_i) = erf(g_i / (gamma sqrt 2)) is smooth in g_i where sign is not.
For an objective with l-Lipschitz gradient and steps of constant size s in d dimensions, the T steps before the clamp
bites obey

    min_t E sum_i |g_i| erf(|g_i| / (gamma sqrt 2)) <= (f_max - f_0) / (s T) + l s d / 2,

so that s = sqrt(2 (f_max - f_0) / (l d T)) gives O(sqrt(l d / T)). Nothing follows from it about the influence of data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from napari_unlearn.models.pixel_sampling import IGNORE


@dataclass(frozen=True)
class SignSearch:
    """How a boundary is searched for.

    Attributes
    ----------
    reach : float
        Largest change of an input: of a feature in its standard deviations, of a pixel in the range 0 to 1.
    steps : int
        Steps, at least 1.
    first_step : float
        s_1 as a share of `reach`.
    perturbation : float
        gamma.
    pull : float
        lambda; the way already gone pushes on where it is positive and back where it is negative.
    decay : int
        How lambda fades: 0 constant, 1 as 1 / t, 2 as exp(-t / 100), 3 linearly to zero.
    """

    reach: float
    steps: int = 1
    first_step: float = 1.0
    perturbation: float = 1e-4
    pull: float = 0.0
    decay: int = 0

    def pull_at(self, step: int) -> float:
        """Weight of the way already gone in a step, lambda_t.

        Parameters
        ----------
        step : int
            t, from 1.

        Returns
        -------
        float
        """
        fading = (1.0, 1 / step, math.exp(-step / 100), 1 - step / self.steps)
        return self.pull * fading[self.decay]


@dataclass(frozen=True, eq=False)
class Crossing:
    """What lies across the boundary.

    Attributes
    ----------
    labels : Tensor of int64
        Class across the boundary, background where none was crossed, `IGNORE` where there was no label.
    crossed : Tensor of bool
        Where a boundary was crossed.
    """

    labels: Tensor
    crossed: Tensor


def perturbed_sign(gradient: Tensor, perturbation: float, generator: torch.Generator) -> Tensor:
    """Sign of g + gamma z with z ~ N(0, I).

    Parameters
    ----------
    gradient : Tensor
        g, any shape.
    perturbation : float
        gamma, not negative.
    generator : torch.Generator
        Draws z, on the CPU.

    Returns
    -------
    Tensor
        -1, 0 or 1.
    """
    if perturbation:
        noise = torch.randn(gradient.shape, generator=generator, dtype=gradient.dtype).to(gradient.device)
        gradient = gradient + perturbation * noise
    return gradient.sign()


def expected_sign(gradient: Tensor, perturbation: float) -> Tensor:
    """What `perturbed_sign` is on average: erf(g / (gamma sqrt 2)).

    Parameters
    ----------
    gradient : Tensor
        g, any shape.
    perturbation : float
        gamma; 0 leaves the sign itself.

    Returns
    -------
    Tensor
    """
    return torch.erf(gradient / (perturbation * math.sqrt(2))) if perturbation else gradient.sign()


def cross(
    scores: Callable[[Tensor], Tensor],
    inputs: Tensor,
    labels: Tensor,
    search: SignSearch,
    generator: torch.Generator,
) -> Crossing:
    """Search for the boundary of every labelled pixel.

    Parameters
    ----------
    scores : callable
        The frozen model: class scores of inputs, differentiable.
    inputs : Tensor
        Features (n, F + 1) ending in the constant 1, which does not move, or images (N, 3, h, w) that stay between 0
        and 1. In an image only what the scores of the pixels still to cross depend on moves.
    labels : Tensor of int64
        The class to leave; `IGNORE` for none.
    search : SignSearch
        Numbers.
    generator : torch.Generator
        Draws the perturbation.

    Returns
    -------
    Crossing
    """
    image = inputs.ndim == 4
    known = labels != IGNORE
    left, found = known.clone(), torch.where(known, 0, labels)
    moved = torch.zeros_like(inputs)
    for t in range(1, search.steps + 2):
        x = (inputs + moved).requires_grad_()
        said = scores(x)
        predicted = said.detach().argmax(1)
        now = left & (predicted != labels)
        found = torch.where(now, predicted, found)
        left = left & ~now
        if t > search.steps or not left.any():
            break
        loss = functional.cross_entropy(said, torch.where(left, labels, IGNORE), ignore_index=IGNORE, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, x)
        direction = perturbed_sign(gradient + search.pull_at(t) * moved, search.perturbation, generator)
        # Where the gradient is zero no pixel that is still to cross looks, and noise alone must not move anything.
        direction = torch.where(gradient == 0, 0, direction)
        if not image:
            direction[:, -1] = 0
        size = search.reach * search.first_step / math.sqrt(t)
        moved = (moved + size * direction).clamp(-search.reach, search.reach)
        if image:
            moved = (inputs + moved).clamp(0, 1) - inputs
    return Crossing(found, known & ~left)
