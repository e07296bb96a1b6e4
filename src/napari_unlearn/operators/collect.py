"""From a data set and a model with a head to the `HeadProblem` of an operator."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.feature_stream import with_levels
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.head import read_pixels
from napari_unlearn.models.pixel_sampling import DrawnPixels, draw_pixels, pooled
from napari_unlearn.models.ranks import mine
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.training import MOST_PIXELS
from napari_unlearn.operators.bounded_images import BoundedImages, read_bounded_images
from napari_unlearn.operators.catalogue.certified_convex import BoundedSettings, PnsgdSettings
from napari_unlearn.operators.counterfactual import Refined, lesion_free_share
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.lesion_free import Kinds, companions
from napari_unlearn.operators.protocol import Step
from napari_unlearn.operators.retain_masks import (
    Collected,
    KeptLabels,
    Mask,
    MaskReader,
    composed_batches,
    known_cases,
    require_shown,
)
from napari_unlearn.operators.settings import Settings
from napari_unlearn.operators.withdrawal import Withdrawal, taught_labels

__all__ = ["Collected", "collect"]


def collect(
    segmenter: HeadSegmenter,
    cases: Sequence[Case],
    settings: Settings,
    swaps: int,
    rng: np.random.Generator,
    withdrawal: Withdrawal | None = None,
) -> Iterator[Step | Collected]:
    """Read masks, split pixels, compose counterfactual cases and compute features.

    Parameters
    ----------
    segmenter : HeadSegmenter
        The model in use.
    cases : sequence of Case
        Training cases; without the withdrawn ones.
    settings : Settings
        Numbers of pixels, share of composed cases, whether corrected pixels teach.
    swaps : int
        Composed cases per refined case.
    rng : numpy.random.Generator
        Draws pixels and partners.
    withdrawal : Withdrawal or None
        Cases to forget whole; they cannot shift a draw of the others.

    Yields
    ------
    Step or Collected
        `Collected` comes last.

    Raises
    ------
    UserError
        The cases that teach lesions lack a class that the model predicts, or there are none; or whole cases are to be
        forgotten by an operator that starts from what all images made.
    """
    size, cache, standardiser = segmenter.card.size, segmenter.cache, segmenter.head.standardiser
    cases, refined_cases = known_cases(cases, withdrawal)
    trained_on: BoundedImages | None = None
    if isinstance(settings, BoundedSettings):
        if not settings.overlap:
            raise UserError(
                "This operator goes on with the training of the head, whose pixels are given; leave overlap at 1, or "
                "choose another operator."
            )
        if withdrawal is not None and not isinstance(settings, PnsgdSettings):
            raise UserError(
                "This operator starts from a minimum on features that were whitened with all training images, so it "
                "cannot forget whole cases; choose another one, such as exact-refit, residual-head or pnsgd."
            )
        for item in read_bounded_images(segmenter, cases, bool(settings.corrected), settings.method, withdrawal):
            if isinstance(item, Step):
                yield item
            else:
                trained_on = item
    # The forget side draws from a stream of its own, so that what is forgotten cannot shift a draw of the retain side.
    forget_rng = rng.spawn(1)[0]
    masks = MaskReader(size, bool(settings.corrected), withdrawal, overlap=bool(settings.overlap))
    retain: list[DrawnPixels] = []
    lesion_free: list[DrawnPixels] = []
    certain: list[DrawnPixels] = []
    forget: list[DrawnPixels] = []
    refined: list[Refined] = []
    kinds, unrefined_free = Kinds(), list[Case]()
    shown: list[Mask] = []
    withdrawn = () if withdrawal is None else withdrawal.cases
    maps: list[Path] = []
    total = len(cases) + refined_cases * swaps + len(withdrawn)
    unrefined = len(cases) - refined_cases
    keeps_coarse = withdrawal is not None and withdrawal.keep_coarse
    of_unrefined = settings.pixels if keeps_coarse else settings.background_pixels if settings.background_weight else 0
    wished = (2 * settings.pixels + swaps * settings.swap_pixels) * refined_cases + of_unrefined * unrefined
    # Fewer from each where there are many cases, or memory would grow with their number.
    share = min(1.0, MOST_PIXELS / (wished + settings.pixels * len(withdrawn)))
    pixels, swap_pixels = (max(1, int(share * each)) for each in (settings.pixels, settings.swap_pixels))
    background_pixels = max(min(1, settings.background_pixels), int(share * settings.background_pixels))

    def read(place: int) -> tuple[Tensor | None, tuple[KeptLabels, Tensor | None]]:
        labels = masks.read(cases[place])
        if not teaches(labels) and not (background_pixels and settings.background_weight):
            return None, (labels, None)
        grid = image_to_grid(cases[place].image(), size)
        return (grid if mine(place) else None), (labels, grid)

    def teaches(labels: KeptLabels) -> bool:
        return labels.shows_lesion or (labels.lesion_free and background_pixels > 0)

    for done, ((labels, grid), levels) in enumerate(with_levels(cache, read, range(len(cases)))):
        yield Step(done, total, "Reading masks")
        case, whole = cases[done], teaches(labels)
        kinds.count(lesion_free=labels.lesion_free, teaches=whole)
        if not whole:
            if grid is not None:
                certain.append(draw_pixels(levels, labels.retain, background_pixels, rng))
            continue
        assert grid is not None
        drawn = draw_pixels(levels, labels.retain, pixels, rng)
        (lesion_free if labels.lesion_free else retain).append(drawn)
        forget.append(draw_pixels(levels, labels.forget, pixels, forget_rng))
        shown.append(np.unique(labels.retain if labels.fine is None else labels.fine))
        if labels.fine is not None and swaps:
            refined.append(Refined(grid.permute(1, 2, 0).numpy(), labels.fine, case.diagnosis or ""))
        elif labels.fine is None and labels.lesion_free:
            unrefined_free.append(case)
    require_shown(shown, segmenter.card.classes, withdrawal)
    for done, case in enumerate(withdrawn, len(cases)):
        yield Step(done, total, "Reading cases to forget")
        grid = image_to_grid(case.image(), size)
        taught = masks.forget_whole(case.id, taught_labels(case, segmenter.card.masks))
        forget.append(draw_pixels(cache.levels(grid) if mine(done) else None, taught, pixels, forget_rng))
        maps.append(cache.path(grid))
    near = kinds.near_weight(settings.near_weight)
    masses = [sum(float(part.weighed(near).sum()) for part in parts) for parts in (retain, lesion_free)]
    retained, without = (pooled(parts, standardiser, near) for parts in (retain, lesion_free))
    if swaps:
        free = companions(unrefined_free, refined, size, rng)
        composing = refined + free
        total += swaps * len(free)
        if share < 1:  # the draw was reckoned without companions
            swap_pixels = max(1, swap_pixels * len(refined) // len(composing))
        composed: dict[bool, list[DrawnPixels]] = {True: [], False: []}
        on_bounded: list[tuple[NDArray[np.float32], Mask, bool]] = []
        made = len(cases) + len(withdrawn)
        for place, batch in enumerate(composed_batches(composing, swaps, rng)):
            yield Step(made, total, "Composing counterfactual cases")
            made += len(batch)
            images = torch.from_numpy(np.stack([case.image.transpose(2, 0, 1) for case in batch]))
            # Composed images of a training on bounded features are needed whole in every process.
            here = mine(place) or trained_on is not None
            found = cache.compute(images) if here else []
            for place_in_batch, counterfactual in enumerate(batch):
                levels = found[place_in_batch] if mine(place) else None
                own = counterfactual.labels
                composed[counterfactual.has_lesion].append(draw_pixels(levels, own, swap_pixels, rng))
                if trained_on is not None:
                    places = rng.choice(own.size, trained_on.training.pixels, replace=False)
                    features = read_pixels(found[place_in_batch], *np.divmod(places, own.shape[1]))
                    on_bounded.append((features, own.reshape(-1)[places], not counterfactual.has_lesion))
        elsewhere = lesion_free_share(composing, settings.swap_weight)
        if len(without):
            without = _mix(without, pooled(composed.pop(False), standardiser, near), elsewhere)
        parts = [part for made_of in composed.values() for part in made_of]
        retained = _mix(retained, pooled(parts, standardiser, near), settings.swap_weight)
        if trained_on is not None:
            features_of, labels_of, free_of = (np.stack(parts) for parts in zip(*on_bounded, strict=True))
            trained_on = trained_on.with_composed(
                features_of, labels_of, free_of, standardiser, settings.swap_weight, elsewhere
            )
    if len(without):
        retained = _mix(retained, without, kinds.share(*masses))
    if certain:
        retained = _mix(retained, pooled(certain, standardiser), settings.background_weight)
    problem = HeadProblem(
        retained,
        pooled(forget, standardiser),
        segmenter.head.weights,
        len(segmenter.card.classes),
        settings.strength,
        trained_on,
    )
    yield dataclasses.replace(masks.collected(problem, refined_cases, unrefined, maps), pixel_share=share)


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
