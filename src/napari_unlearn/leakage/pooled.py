"""Leakage of one predicted class from a single table over all its pixels.

A different quantity than the sum over pixels: it forgets where a pixel lies. With few images it scatters far less, but
where artefact and truth both depend on the place (dark corners and background), it finds a relation that no single
pixel has, and it misses relations that differ in sign from place to place.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.bootstrap import Weights
from napari_unlearn.leakage.images import Images
from napari_unlearn.leakage.information import FloatArray, counted_information
from napari_unlearn.leakage.measure import ClassLeakage
from napari_unlearn.leakage.observations import Observations
from napari_unlearn.leakage.resampled import Resampled
from napari_unlearn.leakage.sampling import shuffled_pixels, spread_evenly
from napari_unlearn.leakage.shuffle import Orders

_AT_ONCE = 20
"""Shuffles done side by side."""


def measure_pooled(observations: Images, class_id: int, weights: Weights, orders: Orders) -> ClassLeakage:
    """Measure one predicted class on one table.

    The pixels of an image are not independent, so that no formula in the count of pixels gives the bias. The jackknife
    over images takes it off (Quenouille, 1956).

    Parameters
    ----------
    observations
        The images.
    class_id
        The predicted class.
    weights
        How often each image is drawn, shape (resamples, N).
    orders
        Shuffles of artefact maps, shape (shuffles, N).

    Returns
    -------
    ClassLeakage
        Value and replicates; the map holds what the images in which a pixel is predicted add to the mean.
    """
    images = observations.images
    tables = observations.tables(class_id)
    counts = observations.per_image(class_id).astype(np.float64)
    sample = observations.sample(np.flatnonzero(tables.any(axis=(0, 1))))
    sample = sample.at(spread_evenly(np.arange(sample.spurious.shape[1]), shuffled_pixels(images)))
    part = _counts(sample, class_id)
    at_once = [orders[start : start + _AT_ONCE] for start in range(0, len(orders), _AT_ONCE)]
    chance = np.concatenate(
        [part[:0], *(_counts(sample.shuffled(some), class_id, len(some)) for some in at_once)], axis=0
    )
    pixels = counts.sum() / images
    per_pixel = _resampled(counts, weights, part, chance, False)
    pointwise = _pointwise(counts.sum(axis=0))[..., None] * tables
    in_table, lesion = tables.sum(axis=(0, 1)), observations.true_classes > 0
    taken_off = (pointwise.sum() / max(1, in_table.sum())) - per_pixel.estimate
    inside = pointwise[:, lesion].sum() - taken_off * tables[:, lesion].sum()
    total = replace(_resampled(counts, weights, part, chance, True), estimate=float(per_pixel.estimate * pixels))
    return ClassLeakage(
        map=((pointwise.sum(axis=(0, 1)) - taken_off * in_table) / images).reshape(observations.shape),
        inside=float(inside / images),
        pixels=float(pixels),
        left_out=0.0,
        total=total,
        per_pixel=per_pixel,
    )


def _counts(observations: Observations, class_id: int, groups: int = 1) -> FloatArray:
    """Return the table of each image of data sets side by side, shape (groups, N, 2, true classes)."""
    where = observations.predicted(class_id)
    shape = (observations.images, groups, -1) if where.size else (observations.images, groups, 0)
    cells = [np.count_nonzero(cell.reshape(shape), axis=2) for cell in observations.cells(where)]
    return np.array(cells, np.float64).T.reshape(groups, observations.images, 2, -1)


def _value(tables: FloatArray, images: int, total: bool) -> FloatArray:
    """Return the information of tables, per pixel or times the pixels of an image; shape (..., 2, true classes)."""
    counted = counted_information(np.moveaxis(tables, (-2, -1), (0, 1)), "plug-in")
    area = tables.sum(axis=(-2, -1))
    return counted / images if total else np.where(area > 0, counted / np.where(area > 0, area, 1), 0.0)


def _corrected(counts: FloatArray, total: bool) -> tuple[FloatArray, FloatArray]:
    """Return the estimate with the jackknife's correction, and the estimate without each image."""
    images = counts.shape[-3]
    table = counts.sum(axis=-3)
    value = _value(table, images, total)
    if images < 2:
        return value, value[..., None]
    without = _value(table[..., None, :, :] - counts, images - 1, total)
    return images * value - (images - 1) * without.mean(axis=-1), without


def _resampled(counts: FloatArray, weights: Weights, part: FloatArray, chance: FloatArray, total: bool) -> Resampled:
    images = counts.shape[0]
    scale = counts.sum() / max(1.0, part.sum()) if total else 1.0
    estimate, without = _corrected(counts, total)
    part_estimate, part_without = _corrected(part[0], total)
    by_chance, chance_without = _corrected(chance, total)
    return Resampled(
        float(estimate),
        _value(np.tensordot(weights.astype(np.float64), counts, axes=1), images, total),
        without,
        float(part_estimate) * scale,
        part_without * scale,
        by_chance * scale,
        chance_without * scale,
        weights,
    )


def _pointwise(table: npt.NDArray[np.float64]) -> FloatArray:
    """Return log P(s, y) / P(s) P(y) of each cell, 0 where it is empty."""
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0)
    present = table > 0
    return np.log(np.where(present, table * table.sum(), 1) / np.where(present, expected, 1))
