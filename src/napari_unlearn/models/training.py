"""Fitting a head on masks: what `train` does, and what refitting repeats on fewer labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.models.convex_head import ConvexProblem
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.feature_stream import with_levels
from napari_unlearn.models.grid import STRIDE, image_to_grid, mask_to_grid
from napari_unlearn.models.head import PixelHead, Standardiser
from napari_unlearn.models.pixel_sampling import draw_pixels, fit_standardiser, pooled
from napari_unlearn.models.ranks import mine

LARGEST_DEFAULT_SIZE = 256

MOST_PIXELS = 500_000
"""Pixels of all cases together that a head is fitted on: with the shipped encoder's 635 features they take 1.3 GB."""


@dataclass(frozen=True)
class HeadRecipe:
    """How a head is fitted.

    Attributes
    ----------
    strength : float
        Strong convexity of the objective.
    pixels : int
        Pixels drawn from each case.
    iterations : int
        At most so many Newton steps.
    tolerance : float
        Gradient norm at which the fit ends.
    """

    strength: float = 1e-3
    pixels: int = 200
    iterations: int = 30
    tolerance: float = 1e-6


@dataclass(frozen=True)
class FitStep:
    """Progress of a fit.

    Attributes
    ----------
    done, total : int
        Position; `total` is an upper bound.
    message : str
        What happens, for a person.
    loss : float or None
        Objective in nats, while fitting.
    """

    done: int
    total: int
    message: str
    loss: float | None = None


def default_size(case: Case) -> int:
    """Working size for a data set, from its first image: its long side in steps of 32, at most 256.

    Parameters
    ----------
    case : Case
        Any case.

    Returns
    -------
    int
        Multiple of 32.
    """
    longest: int = max(case.image().shape[:2])
    return min(LARGEST_DEFAULT_SIZE, max(STRIDE, longest // STRIDE * STRIDE))


def masked_cases(cases: Sequence[Case], masks: str) -> list[Case]:
    """Cases that can be learned from.

    Parameters
    ----------
    cases : sequence of Case
        Training cases.
    masks : str
        ``coarse`` or ``fine``.

    Returns
    -------
    list of Case
        At least one.

    Raises
    ------
    UserError
        No case has such a mask.
    """
    masked = [case for case in cases if (case.fine_path if masks == "fine" else case.coarse_path) is not None]
    if not masked:
        raise UserError(f"No training case has a {masks} mask; add some or train on the other kind of mask.")
    return masked


def read_on_grid(case: Case, masks: str, size: int) -> tuple[Tensor, NDArray[np.uint8]]:
    """Image and mask of a case on the working grid.

    Parameters
    ----------
    case : Case
        One of `masked_cases`.
    masks : str
        ``coarse`` or ``fine``.
    size : int
        Long side of the grid.

    Returns
    -------
    image : Tensor of uint8, shape (3, h, w)
    labels : ndarray of uint8, shape (h, w)
    """
    mask = case.fine() if masks == "fine" else case.coarse()
    assert mask is not None
    return image_to_grid(case.image(), size), mask_to_grid(mask, size)


def pixels_a_case(wished: int, cases: int) -> int:
    """How many pixels to draw from each case: fewer where there are so many cases that memory would grow with them.

    Parameters
    ----------
    wished : int
        Where there are not.
    cases : int
        At least one.

    Returns
    -------
    int
        At least one; all cases together have at most `MOST_PIXELS`, if there are no more cases than that.
    """
    return max(1, min(wished, MOST_PIXELS // cases))


def image_statistics(cases: Sequence[Case], cache: FeatureCache, size: int, seed: int) -> Standardiser:
    """Mean and spread of features in at most 200 images, at pixels anywhere, so that no mask has a say in them.

    Parameters
    ----------
    cases : sequence of Case
        At least one.
    cache : FeatureCache
        Of the frozen encoder.
    size : int
        Long side of the working grid.
    seed : int
        Of the choice of images and pixels.

    Returns
    -------
    Standardiser
    """
    some = [cases[int(i)] for i in np.random.default_rng(seed).permutation(len(cases))[:200]]
    read = with_levels(cache, lambda case: (image_to_grid(case.image(), size), None), some)
    return fit_standardiser((levels for _, levels in read if levels is not None), 200, np.random.default_rng(seed))


def fit_head(
    cases: Sequence[Case], masks: str, cache: FeatureCache, size: int, classes: int, recipe: HeadRecipe, seed: int
) -> Iterator[FitStep | PixelHead]:
    """Fit a head from zero on coarse or fine masks.

    Parameters
    ----------
    cases : sequence of Case
        Training cases.
    masks : str
        ``coarse`` or ``fine``; cases without such a mask are left out.
    cache : FeatureCache
        Of the frozen encoder.
    size : int
        Long side of the working grid.
    classes : int
        Background included.
    recipe : HeadRecipe
        Numbers of the fit.
    seed : int
        Seed of the pixel draw.

    Yields
    ------
    FitStep or PixelHead
        The head comes last.

    Raises
    ------
    UserError
        No case has such a mask.
    """
    cases = masked_cases(cases, masks)
    rng = np.random.default_rng(seed)
    total = len(cases) + recipe.iterations
    pixels = pixels_a_case(recipe.pixels, len(cases))
    drawn = []

    def read(place: int) -> tuple[Tensor | None, NDArray[np.uint8]]:
        grid, labels = read_on_grid(cases[place], masks, size)
        return (grid if mine(place) else None), labels

    for done, (labels, levels) in enumerate(with_levels(cache, read, range(len(cases)))):
        yield FitStep(done, total, "Computing image features")
        drawn.append(draw_pixels(levels, labels, pixels, rng))
    standardiser = image_statistics(cases, cache, size, seed)
    convex = ConvexProblem(pooled(drawn, standardiser), classes, recipe.strength)
    for i, state in enumerate(convex.newton(np.zeros(convex.shape), recipe.iterations, recipe.tolerance)):
        yield FitStep(len(cases) + i, total, "Fitting the head", state.loss)
    yield PixelHead(state.weights, standardiser, cache.encoder.channels)
