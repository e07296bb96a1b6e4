"""From a data set and a U-Net to the `UnetProblem` of an operator."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from napari_unlearn.data.case import Case
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.normalisation import BATCH
from napari_unlearn.models.unet import Unet, UnetSegmenter
from napari_unlearn.models.unet_weights import weights_of
from napari_unlearn.operators.counterfactual import Composed, Refined, lesion_free_share
from napari_unlearn.operators.image_batches import LabelledImages
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
from napari_unlearn.operators.unet_problem import UnetProblem
from napari_unlearn.operators.withdrawal import Withdrawal, taught_labels


def collect_unet(
    segmenter: UnetSegmenter,
    start: Unet | None,
    cases: Sequence[Case],
    settings: Settings,
    swaps: int,
    rng: np.random.Generator,
    withdrawal: Withdrawal | None = None,
) -> Iterator[Step | Collected]:
    """Read images and masks, split pixels and compose counterfactual cases.

    All of a case's labelled pixels teach, so the settings that say how many to draw have no part in it; but the shares
    of composed cases and of certain background hold as they do for a head. Images are kept in memory.

    Parameters
    ----------
    segmenter : UnetSegmenter
        The model in use.
    start : Unet or None
        The public start, see `operators.public_start`.
    cases : sequence of Case
        Training cases; without the withdrawn ones. Normalisation statistics come from their images alone.
    settings : Settings
        Share of composed cases and of certain background, whether corrected pixels teach.
    swaps : int
        Composed cases per refined case.
    rng : numpy.random.Generator
        Draws partners.
    withdrawal : Withdrawal or None
        Cases to forget whole.

    Yields
    ------
    Step or Collected
        `Collected` comes last.

    Raises
    ------
    UserError
        The cases that teach lesions lack a class that the model predicts, or there are none.
    """
    size = segmenter.card.size
    cases, refined_cases = known_cases(cases, withdrawal)
    masks = MaskReader(size, bool(settings.corrected), withdrawal, overlap=bool(settings.overlap))
    grids: list[Tensor] = []
    labels: list[KeptLabels] = []
    withdrawn = () if withdrawal is None else withdrawal.cases
    total = len(cases) + refined_cases * swaps + len(withdrawn)
    for done, case in enumerate(cases):
        yield Step(done, total, "Reading images and masks")
        grids.append(image_to_grid(case.image(), size))
        labels.append(masks.read(case))
    kinds = Kinds()
    looked_at: list[int] = []
    lesion_free: list[int] = []
    others: list[int] = []
    for i, own in enumerate(labels):
        whole = own.shows_lesion or (own.lesion_free and settings.background_pixels > 0)
        kinds.count(lesion_free=own.lesion_free, teaches=whole)
        (lesion_free if own.lesion_free and whole else looked_at if whole else others).append(i)
    known = sorted(looked_at + lesion_free)
    refined = [
        Refined(grids[i].permute(1, 2, 0).numpy(), fine, cases[i].diagnosis or "")
        for i in known
        if (fine := labels[i].fine) is not None
    ]
    shown = [labels[i].retain if (fine := labels[i].fine) is None else fine for i in known]
    require_shown(shown, segmenter.card.classes, withdrawal)
    gone: list[tuple[Tensor, Mask]] = []
    for case in withdrawn:
        yield Step(len(cases) + len(gone), total, "Reading cases to forget")
        taught = masks.forget_whole(case.id, taught_labels(case, segmenter.card.masks))
        gone.append((image_to_grid(case.image(), size), taught))
    composed: list[Composed] = []
    elsewhere = 0.0
    if swaps:
        unrefined_free = [cases[i] for i in lesion_free if labels[i].fine is None]
        free = companions(unrefined_free, refined, size, rng)
        total += swaps * len(free)
        elsewhere = lesion_free_share(refined + free, settings.swap_weight)
        for batch in composed_batches(refined + free, swaps, rng):
            yield Step(len(cases) + len(gone) + len(composed), total, "Composing counterfactual cases")
            composed.extend(batch)
    moved: dict[bool, list[tuple[Tensor, Mask]]] = {True: [], False: []}
    for item in composed:
        moved[item.has_lesion or not lesion_free].append((_channels_first(item.image), item.labels))
    background = settings.background_weight if others and settings.background_pixels else 0.0
    without = kinds.share(len(looked_at), len(lesion_free))
    swapped, swapped_free = settings.swap_weight if moved[True] else 0.0, elsewhere if moved[False] else 0.0
    lesions, free_of_lesions = (1 - background) * (1 - without), (1 - background) * without
    sources = [
        ([(grids[i], labels[i].retain) for i in looked_at], lesions * (1 - swapped)),
        (moved[True], lesions * swapped),
        ([(grids[i], labels[i].retain) for i in lesion_free], free_of_lesions * (1 - swapped_free)),
        (moved[False], free_of_lesions * swapped_free),
        ([(grids[i], labels[i].retain) for i in others], background),
    ]
    pictures = [entry for entries, _ in sources for entry in entries]
    weights = [share / len(entries) for entries, share in sources for _ in entries]
    forget = [*((grids[i], labels[i].forget) for i in known), *gone]
    problem = UnetProblem(
        start or copy.deepcopy(segmenter.network),
        None if start is None else weights_of(start),
        weights_of(segmenter.network),
        len(segmenter.card.classes),
        LabelledImages([image for image, _ in pictures], [own for _, own in pictures], weights),
        LabelledImages([image for image, _ in forget], [own for _, own in forget], [1.0] * len(forget)),
        LabelledImages([grids[i] for i in known], [labels[i].retain for i in known], [1.0] * len(known)),
        tuple(grids),
        steps=max(1, round(len(known) / (1 - background) / BATCH)),
    )
    yield masks.collected(problem, refined_cases, len(cases) - refined_cases)


def _channels_first(image: Mask) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
