"""Leakage of a split, of each kind of artefact in it, and of two models on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.artefacts import ARTEFACT_NAMES, HAIR
from napari_unlearn.leakage import Difference, Estimate, Estimator, Interval, leakage_difference, s_global

# Hair lies over lesions and beside them alike; it is no part of what a coarse mask takes in.
SPURIOUS = sum(flag for flag in ARTEFACT_NAMES if flag != HAIR)
"""Flags of what leakage is about."""

ESTIMATOR: Estimator = "miller-madow"
"""Where artefacts are rare it leaves some of the excess that chance causes, and so errs towards too much leakage.

With a few dozen images, taking off all of it would hide a leak that is there; `against_chance` stands beside it.
"""

INTERVAL: Interval = "bca"

_FEWER_RESAMPLES = 200
"""Enough for the intervals of single kinds of artefact."""


@dataclass(frozen=True, eq=False)
class SplitLeakage:
    """What leakage is measured on, and what it is.

    Attributes
    ----------
    flags : ndarray of uint8, shape (N, h, w)
        Artefacts of each image.
    truth, prediction : ndarray of uint8, shape (N, h, w)
        Class ids.
    classes : tuple of str
        By id.
    estimate : Estimate
        Of all artefacts but hair.
    per_artefact : dict of str to Estimate
        Of each kind that occurs.
    against_chance : float
        Of all artefacts but hair, less what chance alone would show (``permutation-null``).
    """

    flags: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    prediction: NDArray[np.uint8]
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


def measure_leakage(
    flags: NDArray[np.uint8],
    truth: NDArray[np.uint8],
    prediction: NDArray[np.uint8],
    classes: tuple[str, ...],
    resamples: int,
    seed: int,
) -> SplitLeakage:
    """Measure the leakage of one model.

    Parameters
    ----------
    flags : ndarray of uint8, shape (N, h, w)
        Artefacts of each image.
    truth, prediction : ndarray of uint8, shape (N, h, w)
        Class ids.
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
    spurious = (flags & SPURIOUS) > 0
    estimate = s_global(
        spurious, truth, prediction, classes=ids, estimator=ESTIMATOR, interval=INTERVAL, resamples=resamples, seed=seed
    )
    per_artefact = {
        title: s_global(
            (flags & flag) > 0,
            truth,
            prediction,
            classes=ids,
            estimator=ESTIMATOR,
            interval=INTERVAL,
            resamples=min(resamples, _FEWER_RESAMPLES),
            permutations=min(resamples, _FEWER_RESAMPLES) // 2,
            seed=seed,
        )
        for flag, title in ARTEFACT_NAMES.items()
        if (flags & flag).any()
    }
    corrected = s_global(
        spurious, truth, prediction, classes=ids, estimator="permutation-null", resamples=1, permutations=0
    )
    return SplitLeakage(flags, truth, prediction, classes, estimate, per_artefact, corrected.normalised)


def compare_leakage(before: SplitLeakage, after: SplitLeakage, resamples: int, seed: int) -> Difference:
    """Compare two models on the same images.

    Parameters
    ----------
    before, after : SplitLeakage
        Of the two models.
    resamples : int
        Bootstrap resamples of images.
    seed : int
        Of resamples and shuffles.

    Returns
    -------
    Difference
    """
    return leakage_difference(
        (after.flags & SPURIOUS) > 0,
        after.truth,
        before.prediction,
        after.prediction,
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
