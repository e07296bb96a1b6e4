"""Leakage of every predicted class on the same images, draws and shuffles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from napari_unlearn.leakage.bootstrap import draw_weights
from napari_unlearn.leakage.estimate import Estimator
from napari_unlearn.leakage.images import Images
from napari_unlearn.leakage.measure import ClassLeakage, measure
from napari_unlearn.leakage.pooled import measure_pooled
from napari_unlearn.leakage.shuffle import shuffles

MOST_SHUFFLES = 200


def wanted_classes(classes: Iterable[int] | None, predictions: Sequence[Images]) -> list[int]:
    """Return the predicted classes to look at, ascending.

    Parameters
    ----------
    classes
        As given; None for every class from 1 up that occurs in truth or any prediction.
    predictions
        The images.

    Returns
    -------
    list of int
        Without repeats.

    Raises
    ------
    ValueError
        A class is below 1.
    """
    if classes is None:
        found = [of.true_classes for of in predictions] + [of.predicted_classes for of in predictions]
        return sorted({int(class_id) for ids in found for class_id in ids if class_id > 0})
    wanted = sorted({int(class_id) for class_id in classes})
    if wanted and wanted[0] < 1:
        raise ValueError(f"classes must be 1 or more, since 0 is the background, but {wanted[0]} is among them.")
    return wanted


def measure_classes(
    predictions: Sequence[Images],
    classes: Sequence[int],
    estimator: Estimator,
    resamples: int,
    permutations: int | None,
    seed: int,
    exact_draws: bool = True,
) -> list[Mapping[int, ClassLeakage]]:
    """Measure every class of one or more predictions of the same images.

    Parameters
    ----------
    predictions
        The images, once with the predictions of each model.
    classes
        Predicted classes.
    estimator
        How to estimate.
    resamples
        How many sets of images to draw.
    permutations
        How many times to shuffle artefact maps; None for as many as `resamples`, but 200 at most.
    seed
        Seed of draws and shuffles.
    exact_draws
        See `measure`.

    Returns
    -------
    list of mapping
        By class, one for each of `predictions`; all on the same draws and shuffles.

    Raises
    ------
    ValueError
        `resamples` is below 1 or `permutations` below 0.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be 1 or more, but it is {resamples}.")
    count = min(resamples, MOST_SHUFFLES) if permutations is None else permutations
    if count < 0:
        raise ValueError(f"permutations must be 0 or more, but it is {permutations}.")
    weights = draw_weights(predictions[0].images, resamples, seed)
    orders = shuffles(predictions, count, seed)
    if estimator == "pooled":
        return [{k: measure_pooled(of, k, weights, orders) for k in classes} for of in predictions]
    return [{k: measure(of, k, estimator, weights, orders, exact_draws) for k in classes} for of in predictions]
