"""S_global: how much the predictions of a model give away about artefacts and true classes together.

For a predicted class k, S_k is the sum over pixels of P(prediction = k) I(artefact; true class | prediction = k), and
S_global is the largest S_k. It is 0 when, among the pixels predicted as k, knowing the artefact says nothing about the
truth. It cannot see a shortcut that acts at a distance, such as a ruler that changes the class of a lesion elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.bootstrap import Weights, draw_weights, image_sets
from napari_unlearn.leakage.estimate import Estimate
from napari_unlearn.leakage.information import Estimator, FloatArray, check_estimator, counted_information
from napari_unlearn.leakage.observations import Observations, observe

FEW_IMAGES = 20
"""With fewer images in a table its estimate is mostly noise, so such a table is left out."""

LEAST_IMAGES = 5
"""Where there are few images altogether, tables with a tenth of them are kept, but none with fewer than this."""

CONFIDENCE = 0.95


def s_global(
    spurious: npt.ArrayLike,
    truth: npt.ArrayLike,
    prediction: npt.ArrayLike,
    *,
    classes: Iterable[int] | None = None,
    estimator: Estimator = "miller-madow",
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Estimate S_global on images that were not used for training.

    The interval is the basic bootstrap over images: the errors of the resampled estimates, each with its own bias
    correction, around the value that resampling takes for the truth (the plug-in value of all images), are taken off
    the estimate. It is widened where needed to contain the estimate itself.

    Even a corrected estimate is biased upwards in a small table, so a pixel counts only if its class is predicted
    there in enough images: 20, or a tenth of all images where these are fewer, and 5 at least. `left_out` says how much
    of the predicted area that leaves out.

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
        ``miller-madow`` corrects the bias of each pixel's table, ``plug-in`` does not.
    resamples
        How many sets of images to draw for the interval, 1 or more.
    seed
        Seed of that draw.

    Returns
    -------
    Estimate
        Value, interval, maps.

    Raises
    ------
    ValueError
        Shapes or values do not fit, a class is below 1, resamples is below 1, or the estimator is not known.
    """
    check_estimator(estimator)
    if resamples < 1:
        raise ValueError(f"resamples must be 1 or more, but it is {resamples}.")
    observations = observe(spurious, truth, prediction)
    wanted = _classes(classes, observations)
    weights = draw_weights(observations.images, resamples, seed)
    measured = {class_id: _measure(observations, class_id, weights, estimator) for class_id in wanted}
    predicted = [class_id for class_id, part in measured.items() if part.pixels > 0]
    per_class = {class_id: float(part.map.sum()) for class_id, part in measured.items()}
    # A class that is never predicted has the sum 0, which must not win over a small negative one.
    max_class = max(predicted, key=per_class.__getitem__, default=None)

    value, normalised, expected_pixels = 0.0, 0.0, 0.0
    value_interval = interval = (0.0, 0.0)
    if max_class is not None:
        parts = [measured[class_id] for class_id in predicted]
        value, expected_pixels = per_class[max_class], measured[max_class].pixels
        normalised = value / expected_pixels
        true_value, true_normalised = _largest(np.array([[part.plug_in, part.pixels] for part in parts])[..., None])
        drawn_values, drawn_normalised = _largest(np.array([[part.drawn_sums, part.drawn_pixels] for part in parts]))
        value_interval = _interval(value, drawn_values - true_value)
        interval = _interval(normalised, drawn_normalised - true_normalised)
    return Estimate(
        value=value,
        normalised=normalised,
        low=interval[0],
        high=interval[1],
        value_low=value_interval[0],
        value_high=value_interval[1],
        per_class=per_class,
        max_class=max_class,
        maps={class_id: part.map for class_id, part in measured.items()},
        map=np.zeros(observations.shape) if max_class is None else measured[max_class].map,
        expected_pixels=expected_pixels,
        estimator=estimator,
        images=observations.images,
        left_out=0.0 if max_class is None else measured[max_class].left_out,
        note=_note(observations.images, measured),
    )


def least_images(images: int) -> int:
    """Return how many images a pixel's table must have to count.

    Parameters
    ----------
    images
        How many there are altogether.

    Returns
    -------
    int
        Between `LEAST_IMAGES` and `FEW_IMAGES`.

    Examples
    --------
    >>> least_images(1000), least_images(120), least_images(10)
    (20, 12, 5)
    """
    return min(FEW_IMAGES, max(LEAST_IMAGES, images // 10))


@dataclass(frozen=True, eq=False)
class _Class:
    """One predicted class: its map, its plug-in sum, and both sums and areas in every resampled set of images."""

    map: FloatArray
    plug_in: float
    pixels: float
    left_out: float  # the share of the predicted area whose tables have too few images
    drawn_sums: FloatArray
    drawn_pixels: FloatArray


def _measure(observations: Observations, class_id: int, weights: Weights, estimator: Estimator) -> _Class:
    images = observations.images
    in_table = np.count_nonzero(observations.predicted(class_id), axis=0)
    kept = np.flatnonzero(in_table >= least_images(images))
    everywhere, observations = observations, observations.at(kept)
    tables = observations.tables(class_id)
    area = np.count_nonzero(observations.predicted(class_id), axis=1)
    map_ = np.zeros(in_table.size)
    map_[kept] = counted_information(tables, estimator) / images
    return _Class(
        map=map_.reshape(everywhere.shape),
        plug_in=float(counted_information(tables, "plug-in").sum() / images),
        pixels=float(area.mean()),
        left_out=float(1 - area.sum() / max(1, in_table.sum())) if in_table.any() else 0.0,
        drawn_sums=image_sets(observations, class_id, tables).sums(weights, estimator) / images,
        drawn_pixels=weights @ area / images,
    )


def _classes(classes: Iterable[int] | None, observations: Observations) -> list[int]:
    if classes is None:
        found = np.union1d(observations.true_classes, np.unique(observations.prediction))
        return [int(class_id) for class_id in found if class_id > 0]
    wanted = sorted({int(class_id) for class_id in classes})
    if wanted and wanted[0] < 1:
        raise ValueError(f"classes must be 1 or more, since 0 is the background, but {wanted[0]} is among them.")
    return wanted


def _largest(sums_and_pixels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the largest sum and that sum per pixel, for each set of images; input shape (classes, 2, sets)."""
    sums, pixels = sums_and_pixels[:, 0], sums_and_pixels[:, 1]
    largest = np.where(pixels > 0, sums, -np.inf).argmax(axis=0)[None]
    value, area = np.take_along_axis(sums, largest, axis=0)[0], np.take_along_axis(pixels, largest, axis=0)[0]
    return value, value / np.where(area > 0, area, 1.0)


def _interval(estimate: float, errors: FloatArray) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = (float(estimate - quantile) for quantile in np.quantile(errors, [1 - tail, tail]))
    return min(low, estimate), max(high, estimate)


def _note(images: int, measured: Mapping[int, _Class]) -> str:
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
