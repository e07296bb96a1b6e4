"""Where cases lie in the space of features, before and after: what a model looks at when it sees a lesion.

A frozen encoder says the same of an image before and after; what a revision changes is which pixels count as lesion. So
a case is the mean of the encoder's features over its pixels, each weighted by the probability of lesion that the model
gives it. Where the model takes a ruler for lesion, the ruler is part of that mean.

One encoder describes all models: that of the model before. The last features of the decoders would be the other choice
for U-Nets, but channels of decoders that were trained apart have nothing to do with each other, so that no projection
fits two of them, and a difference between two such maps would say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from napari_unlearn.data.artefacts import ARTEFACT_NAMES, HAIR, present
from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.evaluate import default_splits
from napari_unlearn.masks import split_pixels
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.head import pooled_pixels
from napari_unlearn.models.segmenter import HeadSegmenter, Segmenter
from napari_unlearn.models.unet import UnetSegmenter

MOST_CASES = 60
"""Of those that teach, and as many of the others: more points cannot be told apart."""

FORGOTTEN, UNKNOWN, KEPT, HELD_OUT = "refined, some forgotten", "all coarse forgotten", "refined, all kept", "held out"
"""What became of the labels of a case."""

NO_ARTEFACT, UNMAPPED, SEVERAL, NO_DIAGNOSIS = "none", "not mapped", "several", "not known"

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """Cases as points of a plane.

    Attributes
    ----------
    cases : tuple of str
        Ids.
    models : tuple of str
        Names, the one that the plane was fitted to first.
    points : ndarray of float64, shape (models, cases, 2)
        Principal components; NaN where a model finds no lesion at all.
    explained : tuple of float
        Share of the variance before that each axis carries.
    diagnosis, artefact, forget : tuple of str
        Of each case: its diagnosis, the kind of artefact that it shows (hair left out, as it tells nothing), and what
        became of its labels.
    """

    cases: tuple[str, ...]
    models: tuple[str, ...]
    points: FloatArray
    explained: tuple[float, float]
    diagnosis: tuple[str, ...]
    artefact: tuple[str, ...]
    forget: tuple[str, ...]


def shown_in_space(dataset: Dataset, training: Sequence[Case], most: int = MOST_CASES) -> list[Case]:
    """Choose the cases by their place in the list: refined and other ones that teach, and those of the test splits.

    Parameters
    ----------
    dataset : Dataset
        Names the test splits.
    training : sequence of Case
        Those that teach.
    most : int
        Of either group.

    Returns
    -------
    list of Case
    """
    test = [case for name in default_splits(dataset) for case in dataset.split(name) if case.is_refined]
    coarse = [case for case in training if case.coarse_path is not None]
    # Few are refined, and they are what the map is about, so none of them is left out before the others are.
    refined = [case for case in coarse if case.is_refined][:most]
    others = [case for case in coarse if not case.is_refined]
    return [*refined, *_evenly(others, most - len(refined)), *_evenly(test, most)]


def feature_space(
    models: Mapping[str, Segmenter], cases: Sequence[Case], taught: frozenset[str]
) -> Iterator[str | FeatureSpace]:
    """Lay cases out in one plane for all models.

    The plane is that of the two principal components of the cases as the first model sees them, each feature scaled to
    the spread that it has there.

    Parameters
    ----------
    models : mapping of str to Segmenter
        By name; the first one gives encoder and plane.
    cases : sequence of Case
        At least three.
    taught : frozenset of str
        Ids of those that belong to the training split.

    Yields
    ------
    str or FeatureSpace
        The id of each case as it is done; the space comes last.
    """
    first = next(iter(models.values()))
    cache, size = cache_of(first), first.card.size
    pooled: list[list[FloatArray]] = [[] for _ in models]
    for case in cases:
        image = case.image()
        levels = cache.levels(image_to_grid(image, size))
        for found, segmenter in zip(pooled, models.values(), strict=True):
            lesion = 1 - torch.softmax(segmenter.logits(image).float(), dim=0)[:1]
            shape = tuple(levels[0].shape[-2:])
            if tuple(lesion.shape[1:]) != shape:
                lesion = functional.interpolate(lesion[None], size=shape, mode="bilinear", align_corners=False)[0]
            found.append(pooled_pixels(levels, lesion[0]))
        yield case.id
    points, explained = project([np.stack(found) for found in pooled])
    yield FeatureSpace(
        tuple(case.id for case in cases),
        tuple(models),
        points,
        explained,
        tuple(case.diagnosis or NO_DIAGNOSIS for case in cases),
        tuple(_artefact(case) for case in cases),
        tuple(_forget(case, case.id in taught) for case in cases),
    )


def project(pooled: Sequence[FloatArray]) -> tuple[FloatArray, tuple[float, float]]:
    """Fit a plane to the first set of points and lay all sets on it.

    Parameters
    ----------
    pooled : sequence of ndarray of float64, shape (N, F)
        One a model.

    Returns
    -------
    points : ndarray of float64, shape (models, N, 2)
    explained : tuple of float
        Share of the first set's variance along each axis.
    """
    first = pooled[0][~np.isnan(pooled[0]).any(axis=1)]
    mean, std = (first.mean(axis=0), first.std(axis=0)) if len(first) else (0.0, np.zeros(pooled[0].shape[1]))
    # A feature that is the same in all cases says nothing; divided by nothing it would say everything.
    scale = np.where(std > 1e-6 * max(float(np.max(std, initial=0)), 1e-12), 1 / np.where(std > 0, std, 1), 0)
    _, spread, axes = np.linalg.svd((first - mean) * scale, full_matrices=False)
    axes = np.vstack([axes, np.zeros((2, axes.shape[1]))])[:2]
    # The sign of a component is arbitrary; a rule makes the same picture of the same cases.
    axes *= np.where(axes[np.arange(2), np.abs(axes).argmax(axis=1)] < 0, -1, 1)[:, None]
    variance = np.append(spread**2, [0, 0])
    total = max(float(variance.sum()), 1e-300)
    points = np.stack([((each - mean) * scale) @ axes.T for each in pooled])
    return points, (float(variance[0]) / total, float(variance[1]) / total)


def cache_of(segmenter: Segmenter) -> FeatureCache:
    """Cache of the maps of a model's encoder, be the model a head or a U-Net.

    Parameters
    ----------
    segmenter : Segmenter
        The model.

    Returns
    -------
    FeatureCache
    """
    if isinstance(segmenter, HeadSegmenter):
        return segmenter.cache
    assert isinstance(segmenter, UnetSegmenter)
    encoder = Encoder(segmenter.encoder_card, segmenter.network.layers.encoder.state_dict())
    return FeatureCache(encoder, device=segmenter.network.device)


def _artefact(case: Case) -> str:
    flags = case.artefacts()
    if flags is None:
        return UNMAPPED
    seen = [name for name in present(flags) if name != ARTEFACT_NAMES[HAIR]]
    return seen[0].replace("_", " ") if len(seen) == 1 else SEVERAL if seen else NO_ARTEFACT


def _forget(case: Case, taught: bool) -> str:
    if not taught:
        return HELD_OUT
    fine = case.fine()
    if fine is None:
        return UNKNOWN
    return FORGOTTEN if split_pixels(case.coarse(), fine).forget.any() else KEPT


def _evenly(cases: Sequence[Case], count: int) -> list[Case]:
    if len(cases) <= count:
        return list(cases)
    return [cases[place * len(cases) // count] for place in range(count)]
