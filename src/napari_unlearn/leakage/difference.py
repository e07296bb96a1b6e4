"""How much leakage a revision takes away: two models on the same images.

What is hard or easy about these images moves both estimates together, and so does most of their bias. Both drop out of
the difference, which is why it is the number to judge an unlearning run by, not two intervals side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy.typing as npt

from napari_unlearn.leakage.classes import measure_classes, wanted_classes
from napari_unlearn.leakage.estimate import Estimate, Estimator, check_estimator
from napari_unlearn.leakage.global_leakage import as_estimate, most_leaking
from napari_unlearn.leakage.images import Images
from napari_unlearn.leakage.measure import ClassLeakage
from napari_unlearn.leakage.observations import observe
from napari_unlearn.leakage.resampled import Interval, check_interval


@dataclass(frozen=True, eq=False)
class Difference:
    """Leakage after minus leakage before, on the same images.

    Attributes
    ----------
    value
        Difference of the normalised leakages, nats per predicted pixel; negative where the revision helped.
    low, high
        Its 95 % interval.
    per_class
        The same for each class: value, low, high.
    before, after
        Each model alone.
    note
        What to bear in mind when reading the numbers; empty if nothing.
    """

    value: float
    low: float
    high: float
    per_class: Mapping[int, tuple[float, float, float]]
    before: Estimate
    after: Estimate
    note: str


def leakage_difference(
    spurious: npt.ArrayLike,
    truth: npt.ArrayLike,
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    *,
    classes: Iterable[int] | None = None,
    estimator: Estimator = "miller-madow",
    interval: Interval = "studentised",
    resamples: int = 1000,
    permutations: int | None = None,
    seed: int = 0,
) -> Difference:
    """Compare the leakage of two models that predicted the same images.

    Every set of images that is drawn, every image that is left out and every shuffle serves both models.

    Parameters
    ----------
    spurious
        Where a spurious artefact lies, bool or 0 and 1, shape (N, H, W).
    truth
        True class ids, shape (N, H, W).
    before, after
        Class ids that the two models predict, shape (N, H, W).
    classes, estimator, interval, resamples, permutations, seed
        As for `s_global`.

    Returns
    -------
    Difference
        With its interval, and each model alone.

    Raises
    ------
    ValueError
        As for `s_global`.
    """
    first, last = (observe(spurious, truth, prediction) for prediction in (before, after))
    return difference_of(
        first,
        last,
        classes=classes,
        estimator=estimator,
        interval=interval,
        resamples=resamples,
        permutations=permutations,
        seed=seed,
    )


def difference_of(
    before: Images,
    after: Images,
    *,
    classes: Iterable[int] | None = None,
    estimator: Estimator = "miller-madow",
    interval: Interval = "studentised",
    resamples: int = 1000,
    permutations: int | None = None,
    seed: int = 0,
) -> Difference:
    """Compare the leakage of two models on images wherever they are kept, see `leakage_difference`.

    Parameters
    ----------
    before, after
        The same images in the same order, in memory or counted as they went by (`Tally.of`).
    classes, estimator, interval, resamples, permutations, seed
        As for `s_global`.

    Returns
    -------
    Difference
        With its interval, and each model alone.

    Raises
    ------
    ValueError
        As for `s_global`, or one model saw more images than the other.
    """
    check_estimator(estimator)
    check_interval(interval)
    models = [before, after]
    if before.images != after.images:
        raise ValueError(
            f"Two models are compared on the same images, but one saw {before.images} and the other {after.images}."
        )
    wanted = wanted_classes(classes, models)
    exact_draws = interval != "studentised"
    measured = measure_classes(models, wanted, estimator, resamples, permutations, seed, exact_draws)
    largest = [most_leaking(each) for each in measured]
    first, last = (None if k is None else each[k].per_pixel for k, each in zip(largest, measured, strict=True))
    # A model that predicts nothing leaks nothing, on whatever images.
    some = first or last
    value, low, high = 0.0, 0.0, 0.0
    if some is not None:
        nothing = some - some
        change = (last or nothing) - (first or nothing)
        value, (low, high) = change.estimate, change.interval(interval)
    first_estimate = as_estimate(measured[0], models[0], estimator, interval)
    last_estimate = as_estimate(measured[1], models[1], estimator, interval)
    return Difference(
        value,
        low,
        high,
        {k: _change(measured[0][k], measured[1][k], interval) for k in wanted},
        first_estimate,
        last_estimate,
        _note(first_estimate, last_estimate),
    )


def _change(before: ClassLeakage, after: ClassLeakage, interval: Interval) -> tuple[float, float, float]:
    change = after.per_pixel - before.per_pixel
    return (change.estimate, *change.interval(interval))


def _note(before: Estimate, after: Estimate) -> str:
    if before.max_class is not None and after.max_class is None:
        return "Leakage is gone because the model after predicts no lesion any more, not because it was unlearned."
    if before.max_class is None and after.max_class is not None:
        return "The model before predicts no lesion, so there was nothing to leak from."
    if after.expected_pixels < before.expected_pixels / 2:
        share = after.expected_pixels / before.expected_pixels
        return f"The model after predicts only {share:.0%} of the area that the model before does: read it with Dice."
    return after.note or before.note
