"""From a data set and a model with a head to the `HeadProblem` of an operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.pixel_sampling import DrawnPixels, draw_pixels, merge, standardised
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.bounded_images import BoundedImages, read_bounded_images
from napari_unlearn.operators.catalogue.certified_convex import BoundedSettings
from napari_unlearn.operators.counterfactual import Refined
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Step
from napari_unlearn.operators.retain_masks import (
    Collected,
    MaskReader,
    composed_batches,
    known_cases,
    require_classes,
)
from napari_unlearn.operators.settings import Settings

__all__ = ["Collected", "collect"]


def collect(
    segmenter: HeadSegmenter, cases: Sequence[Case], settings: Settings, swaps: int, rng: np.random.Generator
) -> Iterator[Step | Collected]:
    """Read masks, split pixels, compose counterfactual cases and compute features.

    Parameters
    ----------
    segmenter : HeadSegmenter
        The model in use.
    cases : sequence of Case
        Training cases.
    settings : Settings
        Numbers of pixels, share of composed cases, whether corrected pixels teach.
    swaps : int
        Composed cases per refined case.
    rng : numpy.random.Generator
        Draws pixels and partners.

    Yields
    ------
    Step or Collected
        `Collected` comes last.

    Raises
    ------
    UserError
        No case is refined, or refined cases lack a class that the model predicts.
    """
    size, cache, standardiser = segmenter.card.size, segmenter.cache, segmenter.head.standardiser
    cases, refined_cases = known_cases(cases)
    trained_on: BoundedImages | None = None
    if isinstance(settings, BoundedSettings):
        if swaps:
            raise UserError(
                "This operator learns from the images that the head was trained on and from no other; leave composed "
                "cases out, or choose another operator."
            )
        for item in read_bounded_images(segmenter, cases, bool(settings.corrected), settings.method):
            if isinstance(item, Step):
                yield item
            else:
                trained_on = item
    # The forget side draws from a stream of its own, so that what is forgotten cannot shift a draw of the retain side.
    forget_rng = rng.spawn(1)[0]
    masks = MaskReader(size, bool(settings.corrected))
    retain: list[DrawnPixels] = []
    certain: list[DrawnPixels] = []
    forget: list[DrawnPixels] = []
    refined: list[Refined] = []
    total = len(cases) + refined_cases * swaps
    for done, case in enumerate(cases):
        yield Step(done, total, "Reading masks")
        labels = masks.read(case)
        if labels.fine is None:
            if settings.background_pixels and settings.background_weight:
                levels = cache.levels(image_to_grid(case.image(), size))
                certain.append(draw_pixels(levels, labels.retain, settings.background_pixels, rng))
            continue
        grid = image_to_grid(case.image(), size)
        levels = cache.levels(grid)
        retain.append(draw_pixels(levels, labels.retain, settings.pixels, rng, settings.near_weight))
        forget.append(draw_pixels(levels, labels.forget, settings.pixels, forget_rng))
        refined.append(Refined(grid.permute(1, 2, 0).numpy(), labels.fine, case.diagnosis or ""))
    kept = merge(retain)
    require_classes(refined, segmenter.card.classes)
    retained = standardised(kept, standardiser)
    if swaps:
        composed: list[DrawnPixels] = []
        for batch in composed_batches(refined, swaps, rng):
            yield Step(len(cases) + len(composed), total, "Composing counterfactual cases")
            images = torch.from_numpy(np.stack([image.transpose(2, 0, 1) for image, _ in batch]))
            for levels, (_, own) in zip(cache.compute(images), batch, strict=True):
                composed.append(draw_pixels(levels, own, settings.swap_pixels, rng, settings.near_weight))
        retained = _mix(retained, standardised(merge(composed), standardiser), settings.swap_weight)
    if certain:
        retained = _mix(retained, standardised(merge(certain), standardiser), settings.background_weight)
    problem = HeadProblem(
        retained,
        standardised(merge(forget), standardiser),
        segmenter.head.weights,
        len(segmenter.card.classes),
        settings.strength,
        trained_on,
    )
    yield masks.collected(problem, len(refined), len(cases) - len(refined))


def _mix(first: PixelSet, second: PixelSet, share: float) -> PixelSet:
    """Join two sets so that the second carries `share` of the whole weight."""
    parts = [(first, 1 - share), (second, share)]
    kept = [
        PixelSet(pixels.features, pixels.labels, pixels.weights * (part / pixels.weights.sum()))
        for pixels, part in parts
        if part > 0 and len(pixels)
    ]
    return PixelSet(
        np.concatenate([pixels.features for pixels in kept]),
        np.concatenate([pixels.labels for pixels in kept]),
        np.concatenate([pixels.weights for pixels in kept]),
    )
