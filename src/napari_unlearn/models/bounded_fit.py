"""Fitting a head on bounded features: to the minimum, or by projected noisy SGD."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.models.bounded_pixels import BoundedPixels, ImagePixels, bounded, read_images, scale_of
from napari_unlearn.models.bounded_training import BoundedTraining, NoisySteps, head_digest
from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.head import PixelHead
from napari_unlearn.models.noisy_sgd import NoisySgd, smoothness
from napari_unlearn.models.training import FitStep, masked_cases, read_on_grid
from napari_unlearn.privacy.noise import NoiseSource

_NEWTON_STEPS = 60
_TELL_EVERY = 10  # epochs; the loss takes about as long as an epoch


@dataclass(frozen=True)
class BoundedRecipe:
    """How a head on bounded features is fitted.

    Attributes
    ----------
    strong_convexity : float
        m.
    pixels : int
        Pixels drawn from each image.
    tolerance : float
        Norm of the gradient at which a head counts as the minimum.
    batch_size, epochs : int
        Images a step and passes over them, of noisy SGD.
    sigma : float
        Noise of noisy SGD.
    projection_radius : float
        Longest head of noisy SGD.
    """

    strong_convexity: float = 5e-3
    pixels: int = 200
    tolerance: float = 1e-8
    batch_size: int = 10
    epochs: int = 100
    sigma: float = 5e-4
    projection_radius: float = 10.0


def objective(pixels: BoundedPixels, classes: int, strong_convexity: float) -> ConvexProblem:
    """The objective of `BoundedPixels`; m-strongly convex.

    It is divided by the sum of all a_ip / n, so that gradients of what this returns times that sum, see `mass`, are
    gradients of the objective itself.

    Parameters
    ----------
    pixels : BoundedPixels
        At least one pixel with a weight.
    classes : int
        Background included.
    strong_convexity : float
        m.

    Returns
    -------
    ConvexProblem
    """
    used = pixels.weights > 0
    kept = PixelSet(pixels.features[used], pixels.labels[used], pixels.weights[used])
    return ConvexProblem(kept, classes, strong_convexity / mass(pixels))


def mass(pixels: BoundedPixels) -> float:
    """Sum of all a_ip / n: 1 where every pixel has its label."""
    return float(pixels.weights.sum()) / len(pixels)


def fit_bounded(
    cases: Sequence[Case],
    cache: FeatureCache,
    size: int,
    classes: int,
    recipe: BoundedRecipe,
    seed: int,
    noise: NoiseSource | None,
) -> Iterator[FitStep | tuple[PixelHead, BoundedTraining]]:
    """Fit a head on coarse masks.

    Parameters
    ----------
    cases : sequence of Case
        Training cases; those without a coarse mask are left out.
    cache : FeatureCache
        Of the frozen encoder.
    size : int
        Long side of the working grid.
    classes : int
        Background included.
    recipe : BoundedRecipe
        Numbers of the fit.
    seed : int
        Of the places of pixels and of the order of images.
    noise : NoiseSource or None
        For projected noisy SGD; None to fit the minimum itself.

    Yields
    ------
    FitStep or (PixelHead, BoundedTraining)
        The head and the record of its training come last.

    Raises
    ------
    UserError
        No case has a coarse mask, or the minimum was not reached.
    """
    cases = masked_cases(cases, "coarse")
    fitting = recipe.epochs if noise else _NEWTON_STEPS
    total = len(cases) + fitting
    for item in read_images(
        cases, lambda case: read_on_grid(case, "coarse", size)[1], cache, size, recipe.pixels, seed
    ):
        if isinstance(item, ImagePixels):
            drawn = item
        else:
            yield FitStep(item, total, "Computing image features")
    standardiser = scale_of(drawn)
    pixels = bounded(drawn, standardiser)
    convex = objective(pixels, classes, recipe.strong_convexity)
    steps = None
    if noise is None:
        for i, state in enumerate(convex.newton(np.zeros(convex.shape), fitting, recipe.tolerance)):
            yield FitStep(len(cases) + i, total, "Fitting the head", state.loss)
        if not state.residual <= recipe.tolerance:
            raise UserError(
                f"The head did not reach its minimum (gradient {state.residual:.1e} instead of {recipe.tolerance:.1e});"
                " choose a larger strength."
            )
        fitted = state.weights
    else:
        steps = _noisy_steps(pixels, recipe, seed, noise)
        sgd = NoisySgd(pixels, classes, recipe.strong_convexity, steps, seed)
        for epoch, fitted in enumerate(sgd.epochs(sgd.start(noise), recipe.epochs, noise), 1):
            told = epoch % _TELL_EVERY == 0 or epoch == recipe.epochs
            loss = convex.loss_and_gradient(torch.from_numpy(fitted))[0] if told else None
            yield FitStep(len(cases) + epoch, total, "Fitting the head with noise", loss)
    weights = pixels.whitening.on_standardised(fitted)
    record = BoundedTraining(
        len(cases), recipe.pixels, pixels.radius, recipe.strong_convexity, pixels.digest, head_digest(weights), steps
    )
    yield PixelHead(weights, standardiser, cache.encoder.channels), record


def _noisy_steps(pixels: BoundedPixels, recipe: BoundedRecipe, seed: int, noise: NoiseSource) -> NoisySteps:
    batch_size = min(recipe.batch_size, len(pixels))
    curvature = smoothness(pixels, recipe.strong_convexity, batch_size, seed)
    return NoisySteps(
        batch_size,
        recipe.epochs,
        1 / curvature,
        curvature,
        recipe.sigma,
        recipe.projection_radius,
        noise.description,
    )
