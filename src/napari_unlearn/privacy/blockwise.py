"""Noisy fine-tuning one block of parameters at a time.

Parameters are split into k blocks by a rule that looks at no data. When its turn comes, a block is clipped to norm C0 /
sqrt(k) around its public centre, so that all blocks together stay within C0, and takes T noisy steps of
`gradient_clipping` while the others stand still. Method: Dolgova and Stich (arXiv 2601.05134). Their C0 is an assumed
distance to a model retrained without the forgotten data, which nobody can check; here it is the radius of a clip that
is really made.

Accounting, derived here. Given the finished blocks and whatever the others hold, the noisy steps of one block are
mu_b-GDP for any two starts in its ball and any two gradients, since both are clipped; that is all that
`gradient_clipping` needs. Unfinished blocks may differ between the two runs that are compared, and depend on forgotten
data: they only enter through the start, which is clipped, and the gradient, which is clipped. So the finished blocks
are an adaptive composition (Dong, Roth and Su 2022, Corollary 3.3) and the result is GDP with mu = sqrt(k) mu_b. It
follows that

- noiseless steps in between are free on blocks whose turn is still to come, because each is clipped then;
- they are not free on finished blocks as long as the gradient looks at unfinished ones, through which forgotten data
  would enter after the noise.
"""

from __future__ import annotations

import math
from typing import NotRequired, TypedDict, Unpack

from napari_unlearn.privacy import gaussian_dp, gradient_clipping
from napari_unlearn.privacy.ranges import count, positive


class Blocks(TypedDict):
    """The keyword arguments of `sensitivity`, which says what they are."""

    initial_radius: float
    gradient_radius: float
    step_size: float
    steps: int
    decay: NotRequired[float]
    blocks: int


def sigma(epsilon: float, delta: float, **blocks: Unpack[Blocks]) -> float:
    """Return the noise per parameter and step that the budget needs: sqrt(k) sensitivity_b / mu(epsilon, delta).

    A standard deviation in parameter units; keywords as for `sensitivity`.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return gaussian_dp.gaussian_sigma(sensitivity(**blocks), epsilon, delta)


def sensitivity(
    *,
    initial_radius: float,
    gradient_radius: float,
    step_size: float,
    steps: int,
    decay: float = 0.0,
    blocks: int,
) -> float:
    """Return the sensitivity of the one Gaussian mechanism that all blocks together amount to.

    Parameters
    ----------
    initial_radius
        C0, norm of all blocks together after clipping, in parameter units, larger than 0.
    gradient_radius
        C1, norm to which the gradient of the block is clipped at each of its steps, 0 or more.
    step_size
        gamma, larger than 0.
    steps
        T, number of noisy steps of each block, 1 or more.
    decay
        lambda, pull towards the public centre, 0 or more and smaller than 1 / gamma.
    blocks
        k, number of blocks, 1 or more.

    Returns
    -------
    float
        sqrt(k) sensitivity_b, in parameter units.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    number = count("blocks", blocks)
    one = gradient_clipping.sensitivity(
        initial_radius=block_radius(initial_radius, number),
        gradient_radius=gradient_radius,
        step_size=step_size,
        steps=steps,
        decay=decay,
    )
    return gaussian_dp.attempts(one, number)


def block_radius(initial_radius: float, blocks: int) -> float:
    """Return the norm to which each block is clipped, C0 / sqrt(k), so that the squares add up to C0^2.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return positive("initial_radius", initial_radius) / math.sqrt(count("blocks", blocks))


def best_steps(
    *, initial_radius: float, gradient_radius: float, step_size: float, decay: float = 0.0, blocks: int
) -> int:
    """Return the number of steps of each block that needs the least noise.

    Raises
    ------
    ValueError
        A number is out of range, or every further step needs less noise, see `gradient_clipping.best_steps`.
    """
    return gradient_clipping.best_steps(
        initial_radius=block_radius(initial_radius, blocks),
        gradient_radius=gradient_radius,
        step_size=step_size,
        decay=decay,
    )


def least_sigma(
    epsilon: float,
    delta: float,
    *,
    initial_radius: float,
    gradient_radius: float,
    step_size: float,
    decay: float = 0.0,
    blocks: int,
) -> float:
    """Return the noise that no number of steps falls below, in closed form.

    Dolgova and Stich (arXiv 2601.05134) with the exact curve in place of Renyi's: with D = C0 / sqrt(k), at
    T = ln(1 - lambda D / C1) / ln(1 - gamma lambda), which need not be whole,
    sigma^2 = 4 k gamma (2 - gamma lambda) D C1 (2 - lambda D / C1) / mu(epsilon, delta)^2.
    Parameters as for `sensitivity`.

    Raises
    ------
    ValueError
        A number is out of range, or decay times the radius of a block is not below gradient_radius.
    """
    # Refuses what has no such number of steps.
    best_steps(
        initial_radius=initial_radius,
        gradient_radius=gradient_radius,
        step_size=step_size,
        decay=decay,
        blocks=blocks,
    )
    radius = block_radius(initial_radius, blocks)
    square = 4 * blocks * step_size * (2 - step_size * decay) * radius * gradient_radius
    return gaussian_dp.gaussian_sigma(math.sqrt(square * (2 - decay * radius / gradient_radius)), epsilon, delta)
