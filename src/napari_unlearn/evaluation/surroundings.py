"""What lies around each lesion and which diagnosis it speaks for, without anybody having noted it.

A case is the mean of the encoder's features over the pixels outside its coarse mask. Deep features see some way beyond
the rim of the mask, so a little of the lesion is in them. Painting the lesion over first would take another pass
through the encoder, and found fewer of the cases that break a shortcut, in drawn and in real images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.data.suggestion import Told
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation.feature_space import cache_of
from napari_unlearn.leakage.surroundings import evidence
from napari_unlearn.models.grid import image_to_grid, mask_to_grid
from napari_unlearn.models.head import pooled_pixels
from napari_unlearn.models.segmenter import Segmenter

FloatArray = NDArray[np.float64]


def with_surroundings(cases: Sequence[Case]) -> list[Case]:
    """Cases whose surroundings can be looked at: those with a diagnosis and a coarse mask.

    Parameters
    ----------
    cases : sequence of Case
        Any.

    Returns
    -------
    list of Case
        In their order.
    """
    return [case for case in cases if case.diagnosis and case.coarse_path is not None]


def read_surroundings(segmenter: Segmenter, cases: Sequence[Case]) -> Iterator[str | dict[str, Told]]:
    """Find out which diagnosis the surroundings of each case speak for.

    Parameters
    ----------
    segmenter : Segmenter
        Whose encoder is used; what it predicts is not looked at.
    cases : sequence of Case
        As `with_surroundings` finds them.

    Yields
    ------
    str or dict of str to Told
        The id of each case as it is done. Last comes what was found, by the id of the case; cases whose coarse mask
        fills the image have no surroundings and are not in it.

    Raises
    ------
    UserError
        Fewer than two diagnoses have two cases with surroundings each, or a file cannot be used.
    """
    cache, size = cache_of(segmenter), segmenter.card.size
    features: dict[str, FloatArray] = {}
    for case in cases:
        levels = cache.levels(image_to_grid(case.image(), size))
        outside = torch.from_numpy((mask_to_grid(case.coarse(), size) == 0).astype(np.float32))
        if outside.any():
            features[case.id] = pooled_pixels(levels, outside)
        yield case.id
    yield told({case.id: case.diagnosis or "" for case in cases if case.id in features}, features)


def told(diagnoses: Mapping[str, str], features: Mapping[str, FloatArray]) -> dict[str, Told]:
    """Read diagnoses off features, each case from all the others.

    Parameters
    ----------
    diagnoses : mapping of str to str
        By the id of the case.
    features : mapping of str to ndarray of float64, shape (F,)
        For the same ids.

    Returns
    -------
    dict of str to Told
        What the features speak for, and by how much against the diagnosis of the case; a case without another one of
        its diagnosis is left out.

    Raises
    ------
    UserError
        Fewer than two diagnoses have two cases each.
    """
    names = sorted(name for name, count in Counter(diagnoses.values()).items() if count > 1)
    if len(names) < 2:
        raise UserError(
            "What surrounds the lesions can only be compared between two diagnoses with two cases each that have "
            "coarse masks and pixels outside them; leave the surroundings out, or fill in the column diagnosis."
        )
    ids = [case for case, name in diagnoses.items() if name in names]
    own = np.array([names.index(diagnoses[case]) for case in ids])
    scores = evidence(np.stack([features[case] for case in ids]), own)
    rows = np.arange(len(ids))
    others = scores.copy()
    others[rows, own] = -np.inf
    against = others.max(axis=1) - scores[rows, own]
    likes = scores.argmax(axis=1).tolist()
    return {case: Told(names[k], gap) for case, k, gap in zip(ids, likes, against.tolist(), strict=True)}
