"""S_global: how much the predictions of a model give away about artefacts and true classes together.

For a predicted class k, S_k is the sum over pixels of P(prediction = k) I(artefact; true class | prediction = k), and
S_global is the largest S_k. It is 0 when, among the pixels predicted as k, knowing the artefact says nothing about the
truth. It cannot see a shortcut that acts at a distance, such as a ruler that changes the class of a lesion elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.classes import measure_classes, wanted_classes
from napari_unlearn.leakage.estimate import Estimate, Estimator, check_estimator
from napari_unlearn.leakage.images import Images
from napari_unlearn.leakage.measure import FEW_IMAGES, ClassLeakage, least_images
from napari_unlearn.leakage.observations import observe
from napari_unlearn.leakage.resampled import FEW_SHUFFLES, Interval, check_interval


def s_global(
    spurious: npt.ArrayLike,
    truth: npt.ArrayLike,
    prediction: npt.ArrayLike,
    *,
    classes: Iterable[int] | None = None,
    estimator: Estimator = "miller-madow",
    interval: Interval = "studentised",
    resamples: int = 1000,
    permutations: int | None = None,
    seed: int = 0,
) -> Estimate:
    """Estimate S_global on images that were not used for training.

    The interval is that of the class that leaks most, by bootstrap over whole images, see `Resampled.interval`.

    Even a corrected estimate is biased in a small table, so a pixel counts only if its class is predicted there in
    enough images: 20, or a tenth of all images where these are fewer, and 5 at least. `left_out` says how much of the
    predicted area that leaves out. The pooled estimator has one table and leaves nothing out.

    Parameters
    ----------
    spurious
        Where a spurious artefact lies, bool or 0 and 1, shape (N, H, W).
    truth
        True class ids, 0 for background, bool or integer, shape (N, H, W).
    prediction
        Predicted class ids, the same.
    classes
        Predicted classes to look at, 1 or more each; by default every class from 1 up that occurs in truth or
        prediction.
    estimator
        ``plug-in``, ``miller-madow``, ``permutation-null`` or ``pooled``; `Estimate.meaning` says what each estimates.
    interval
        ``studentised``, which holds the truth most often where it is known, ``bca`` or ``basic``.
    resamples
        How many sets of images to draw for the interval, 1 or more.
    permutations
        How many times to shuffle artefact maps for the p-value and for the part of chance in the interval's width;
        by default as many as `resamples`, but 200 at most. With fewer than 20 there is no p-value.
    seed
        Seed of draws and shuffles.

    Returns
    -------
    Estimate
        Value, interval, maps.

    Raises
    ------
    ValueError
        Shapes or values do not fit, a class is below 1, resamples is below 1, permutations is below 0, or the
        estimator or the interval is not known.
    """
    return estimate_leakage(
        observe(spurious, truth, prediction),
        classes=classes,
        estimator=estimator,
        interval=interval,
        resamples=resamples,
        permutations=permutations,
        seed=seed,
    )


def estimate_leakage(
    images: Images,
    *,
    classes: Iterable[int] | None = None,
    estimator: Estimator = "miller-madow",
    interval: Interval = "studentised",
    resamples: int = 1000,
    permutations: int | None = None,
    seed: int = 0,
) -> Estimate:
    """Estimate S_global on images wherever they are kept, see `s_global`.

    Parameters
    ----------
    images
        In memory, or counted as they went by (`Tally.of`).
    classes, estimator, interval, resamples, permutations, seed
        As for `s_global`.

    Returns
    -------
    Estimate
        Value, interval, maps.

    Raises
    ------
    ValueError
        As for `s_global`.
    """
    check_estimator(estimator)
    check_interval(interval)
    wanted = wanted_classes(classes, [images])
    exact_draws = interval != "studentised"
    (measured,) = measure_classes([images], wanted, estimator, resamples, permutations, seed, exact_draws)
    return as_estimate(measured, images, estimator, interval)


def most_leaking(measured: Mapping[int, ClassLeakage]) -> int | None:
    """Return the predicted class with the largest sum over pixels; None if no class is predicted."""
    # A class that is never predicted has the sum 0, which must not win over a small negative one.
    predicted = [class_id for class_id, part in measured.items() if part.pixels > 0]
    return max(predicted, key=lambda class_id: measured[class_id].total.estimate, default=None)


def as_estimate(
    measured: Mapping[int, ClassLeakage], observations: Images, estimator: Estimator, interval: Interval
) -> Estimate:
    """Put together what is reported.

    Parameters
    ----------
    measured
        Every class.
    observations
        The images.
    estimator, interval
        How it was estimated.

    Returns
    -------
    Estimate
        Of the class that leaks most.
    """
    max_class = most_leaking(measured)
    most = None if max_class is None else measured[max_class]
    low, high = (0.0, 0.0) if most is None else most.per_pixel.interval(interval)
    value_low, value_high = (0.0, 0.0) if most is None else most.total.interval(interval)
    inside = 0.0 if most is None else most.inside / most.pixels
    normalised = 0.0 if most is None else most.per_pixel.estimate
    return Estimate(
        value=0.0 if most is None else most.total.estimate,
        normalised=normalised,
        low=low,
        high=high,
        value_low=value_low,
        value_high=value_high,
        per_class={class_id: part.total.estimate for class_id, part in measured.items()},
        per_class_normalised={
            class_id: (part.per_pixel.estimate, *part.per_pixel.interval(interval))
            for class_id, part in measured.items()
        },
        inside=inside,
        outside=normalised - inside,
        max_class=max_class,
        maps={class_id: part.map for class_id, part in measured.items()},
        map=np.zeros(observations.shape) if most is None else most.map,
        expected_pixels=0.0 if most is None else most.pixels,
        p_value=_p_value(measured),
        by_chance=None if most is None else _by_chance(most),
        estimator=estimator,
        interval=interval,
        images=observations.images,
        left_out=0.0 if most is None else most.left_out,
        note=note(observations.images, measured),
    )


def _p_value(measured: Mapping[int, ClassLeakage]) -> float | None:
    sums = [part.total for part in measured.values() if part.pixels > 0]
    if not sums or sums[0].chance.size < FEW_SHUFFLES:
        return None
    largest = np.max([each.chance for each in sums], axis=0)
    # Sums of the same terms in another order differ in their last digits.
    as_much = largest >= max(each.part for each in sums) - 1e-9
    # The images as they are count as one of the shuffles, so that the p-value is never 0 (Phipson and Smyth, 2010).
    return float((1 + as_much.sum()) / (1 + as_much.size))


def _by_chance(most: ClassLeakage) -> float | None:
    chance = most.per_pixel.chance
    return None if chance.size < FEW_SHUFFLES else float(chance.mean())


def note(images: int, measured: Mapping[int, ClassLeakage]) -> str:
    """Return what to bear in mind when reading the numbers.

    Parameters
    ----------
    images
        How many there are.
    measured
        Every class.

    Returns
    -------
    str
        A sentence, or nothing.
    """
    left_out = [part.left_out for part in measured.values()]
    if not any(part.pixels > 0 for part in measured.values()):
        if any(left_out):
            return "No pixel is predicted as lesion in enough images to tell; use more images."
        return "The model predicts no lesion anywhere, so there is nothing to leak from."
    if images < FEW_IMAGES:
        return f"Only {images} images: the numbers are rough, use {FEW_IMAGES} or more."
    if max(left_out) > 0.5:
        return (
            f"Most pixels are predicted as lesion in fewer than {least_images(images)} images and were left out: "
            "use more images."
        )
    return ""
