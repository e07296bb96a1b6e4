"""What the score does when something around a lesion changes: an artefact comes or goes, or all context goes.

Every counterfactual image is one more image for the network, so a split is measured on a sample of its cases; the
intervals tell what the sample leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.data.read_ahead import prepared
from napari_unlearn.evaluation.context import remove_context
from napari_unlearn.evaluation.counterfactual_shift import add_artefact, fitted, remove_artefact
from napari_unlearn.evaluation.delong import Placements, placements
from napari_unlearn.evaluation.interval import Measured, mean_over_cases
from napari_unlearn.evaluation.leakage import SPURIOUS

MOST_CASES = 200
"""Of a split, unless asked otherwise."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Changed:
    """One case and what became of it.

    Attributes
    ----------
    place : int
        Of the case in its split.
    added, removed, alone : ndarray of uint8, shape (H, W, 3), or None
        The image with an artefact of another case, without its own artefacts, and without context; None where that
        cannot be.
    """

    place: int
    added: Picture | None
    removed: Picture | None
    alone: Picture | None


@dataclass(frozen=True, eq=False)
class Counterfactuals:
    """Scores of the sample, NaN where there is no such image.

    Attributes
    ----------
    places : ndarray of int, shape (n,)
        Of the cases in their split.
    as_is, added, removed, alone : ndarray of float64, shape (n,)
        Score of the image as it is, with an artefact added, with its artefacts removed, without context.
    positive : ndarray of bool, shape (n,), or None
        Whether the case has the diagnosis; None where that is not known of all.
    """

    places: NDArray[np.intp]
    as_is: NDArray[np.float64]
    added: NDArray[np.float64]
    removed: NDArray[np.float64]
    alone: NDArray[np.float64]
    positive: NDArray[np.bool_] | None

    @property
    def shifts(self) -> NDArray[np.float64]:
        """Score with the artefact minus score without it; NaN where neither is there."""
        return np.where(np.isnan(self.removed), self.added - self.as_is, self.as_is - self.removed)

    def areas(self) -> tuple[Placements, Placements] | None:
        """AUROC of the cases that have an image without context: as they are, and without it."""
        known = ~np.isnan(self.alone)
        if self.positive is None:
            return None
        positive = list(self.positive[known])
        first, last = (placements(list(scores[known]), positive) for scores in (self.as_is, self.alone))
        return None if first is None or last is None else (first, last)

    def to_json(self, resamples: int, seed: int) -> dict[str, Any]:
        """Every number with its interval; None where there is nothing to measure."""
        areas = self.areas()
        as_is, alone = (None, None) if areas is None else (area.measured() for area in areas)
        change = None if areas is None else (areas[1] - areas[0]).measured()
        numbers = {
            "artefact_added": mean_shift(self.added - self.as_is, resamples, seed),
            "artefact_removed": mean_shift(self.removed - self.as_is, resamples, seed),
            "context_removed": mean_shift(self.alone - self.as_is, resamples, seed),
            "context_removed_absolute": mean_shift(abs(self.alone - self.as_is), resamples, seed),
            "auroc_with_context": as_is,
            "auroc_without_context": alone,
            "auroc_change": change,
        }
        return {name: None if each is None else each.to_json() for name, each in numbers.items()}


def mean_shift(changes: NDArray[np.float64], resamples: int, seed: int) -> Measured | None:
    """Mean change of the score with its interval.

    Parameters
    ----------
    changes : ndarray of float64, shape (n,)
        NaN is left out.
    resamples : int
        Sets of cases to draw.
    seed : int
        Of the draws.

    Returns
    -------
    Measured or None
    """
    return mean_over_cases(changes[~np.isnan(changes)], (-1.0, 1.0), resamples, seed)


def sample_cases(cases: int, most: int, seed: int) -> NDArray[np.intp]:
    """Choose cases at random, in their order.

    Parameters
    ----------
    cases : int
        How many there are.
    most : int
        How many to choose at most.
    seed : int
        Of the choice.

    Returns
    -------
    ndarray of intp
        Their places.
    """
    if cases <= most:
        return np.arange(cases)
    return np.sort(np.random.default_rng([seed, 2]).choice(cases, most, replace=False))


def changed_images(
    cases: Sequence[Case], marked: Sequence[bool | None], chosen: NDArray[np.intp], seed: int
) -> Iterator[Changed]:
    """Compose the counterfactual images of some cases.

    Parameters
    ----------
    cases : sequence of Case
        All of the split.
    marked : sequence of bool or None
        Whether each has a spurious artefact; None where there is no artefact map.
    chosen : ndarray of int
        Places of the cases to change.
    seed : int
        Of which case gives its artefact.

    Yields
    ------
    Changed
        In the order of `chosen`.
    """
    donors = [place for place, has in enumerate(marked) if has]
    rng = np.random.default_rng(seed)
    # Drawn for every case, so that what a case gets does not depend on the others.
    partners = [int(rng.choice(donors)) if donors else None for _ in chosen]

    def change(pair: tuple[int, int | None]) -> Changed:
        place, partner = pair
        case, has = cases[place], marked[place]
        image, fine = case.image(), case.fine()
        assert fine is not None
        lesion, flags = fine > 0, case.artefacts()
        artefact = None if flags is None else (flags & SPURIOUS) > 0
        added = removed = None
        if has and artefact is not None:
            removed = remove_artefact(image, artefact, lesion)
        elif has is False and partner is not None:
            donor, donated = cases[partner].image(), cases[partner].artefacts()
            assert donated is not None
            added = add_artefact(image, lesion, *fitted(donor, (donated & SPURIOUS) > 0, lesion.shape))
        alone = remove_context(image, lesion, None if flags is None else flags > 0) if lesion.any() else None
        return Changed(place, added, removed, alone)

    yield from prepared(change, zip((int(place) for place in chosen), partners, strict=True))
