"""Leakage of a split, of each kind of artefact in it, and of two models on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_unlearn.data.artefacts import ARTEFACT_NAMES, HAIR
from napari_unlearn.leakage import Difference, Estimate, Estimator, Interval, Tally, difference_of, estimate_leakage

# Hair lies over lesions and beside them alike; it is no part of what a coarse mask takes in.
SPURIOUS = sum(flag for flag in ARTEFACT_NAMES if flag != HAIR)
"""Flags of what leakage is about."""

ESTIMATOR: Estimator = "miller-madow"
"""Right where artefacts lie beside lesions, as most do, and too high where a rare one lies anywhere by chance.

`against_chance` stands beside it, which is right in the second world and too low in the first: from tables that hold a
single artefact nobody can tell which of the two it is (``benchmarks/leakage_study.py``).
"""

INTERVAL: Interval = "studentised"

_ALL = "all"
"""Name of the kind of artefact that stands for all of `SPURIOUS`."""

_FEWER_RESAMPLES = 200
"""Enough for the intervals of single kinds of artefact."""


@dataclass(frozen=True, eq=False)
class SplitLeakage:
    """What leakage is measured on, and what it is.

    Attributes
    ----------
    tally : Tally
        The images, counted.
    classes : tuple of str
        By id.
    estimate : Estimate
        Of all artefacts but hair.
    per_artefact : dict of str to Estimate
        Of each kind that occurs.
    against_chance : float
        Of all artefacts but hair, less what chance alone would show (``permutation-null``).
    """

    tally: Tally
    classes: tuple[str, ...]
    estimate: Estimate
    per_artefact: Mapping[str, Estimate]
    against_chance: float

    def to_json(self) -> dict[str, Any]:
        """What stands behind the number: estimator, p-value, classes, kinds of artefact, place."""
        found = self.estimate
        return {
            "estimator": found.estimator,
            "meaning": found.meaning,
            "p_value": found.p_value,
            "against_chance": self.against_chance,
            "inside": found.inside,
            "outside": found.outside,
            "left_out": found.left_out,
            "expected_pixels": found.expected_pixels,
            "per_class": {
                self.classes[class_id]: dict(zip(("value", "low", "high"), numbers, strict=True))
                for class_id, numbers in found.per_class_normalised.items()
            },
            "per_artefact": {
                title: {"value": each.normalised, "low": each.low, "high": each.high, "p_value": each.p_value}
                for title, each in self.per_artefact.items()
            },
            "note": found.note,
        }


def new_tally(shape: tuple[int, int], classes: int) -> Tally:
    """Make an empty tally of all kinds of artefact.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the maps.
    classes : int
        Background included.

    Returns
    -------
    Tally
        To be given each image's flags, fine mask and prediction.
    """
    return Tally(shape, classes, {_ALL: SPURIOUS, **{name: flag for flag, name in ARTEFACT_NAMES.items()}})


def measure_leakage(tally: Tally, classes: tuple[str, ...], resamples: int, seed: int) -> SplitLeakage:
    """Measure the leakage of one model.

    Parameters
    ----------
    tally : Tally
        From `new_tally`, with at least one image.
    classes : tuple of str
        By id.
    resamples : int
        Bootstrap resamples of images.
    seed : int
        Of resamples and shuffles.

    Returns
    -------
    SplitLeakage
    """
    ids = range(1, len(classes))
    images = tally.of(_ALL)
    few = min(resamples, _FEWER_RESAMPLES)
    return SplitLeakage(
        tally,
        classes,
        estimate_leakage(images, classes=ids, estimator=ESTIMATOR, interval=INTERVAL, resamples=resamples, seed=seed),
        {
            name: estimate_leakage(
                tally.of(name),
                classes=ids,
                estimator=ESTIMATOR,
                interval=INTERVAL,
                resamples=few,
                permutations=few // 2,
                seed=seed,
            )
            for name in ARTEFACT_NAMES.values()
            if tally.occurs(name)
        },
        estimate_leakage(images, classes=ids, estimator="permutation-null", resamples=1, permutations=0).normalised,
    )


def compare_leakage(before: SplitLeakage, after: SplitLeakage, resamples: int, seed: int) -> Difference:
    """Compare two models on the same images.

    Parameters
    ----------
    before, after : SplitLeakage
        Of the two models, of the same images in the same order.
    resamples : int
        Bootstrap resamples of images.
    seed : int
        Of resamples and shuffles.

    Returns
    -------
    Difference
    """
    return difference_of(
        before.tally.of(_ALL),
        after.tally.of(_ALL),
        classes=range(1, len(after.classes)),
        estimator=ESTIMATOR,
        interval=INTERVAL,
        resamples=resamples,
        seed=seed,
    )


def in_words(difference: Difference) -> str:
    """Say what a difference means.

    Parameters
    ----------
    difference : Difference
        After minus before.

    Returns
    -------
    str
        One phrase.
    """
    if difference.high < 0:
        return "less leakage than before"
    if difference.low > 0:
        return "more leakage than before"
    return "no clear change"
